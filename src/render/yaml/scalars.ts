/**
 * What a plain YAML scalar means to Kubernetes. kubectl, client-go and the apiserver read YAML
 * through sigs.k8s.io/yaml, that is go-yaml v2: YAML 1.1 with deviations of its own. This is its
 * resolve.go (go.yaml.in/yaml/v2 2.4.3), and the golden suite holds it to kubectl's answers
 * (test/contract/render/kubectl-yaml.test.ts).
 */
import { exactInteger } from "../../model/exact-json.ts";

const words = new Map<string, boolean | null | number>();
for (const word of ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]) {
  words.set(word, true);
}
for (const word of ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]) {
  words.set(word, false);
}
for (const word of ["", "~", "null", "Null", "NULL"]) words.set(word, null);
for (const word of [".nan", ".NaN", ".NAN"]) words.set(word, Number.NaN);
for (const sign of ["", "+"]) {
  for (const word of [".inf", ".Inf", ".INF"]) words.set(sign + word, Number.POSITIVE_INFINITY);
}
for (const word of ["-.inf", "-.Inf", "-.INF"]) words.set(word, Number.NEGATIVE_INFINITY);

/** Go's strconv.ParseInt with base 0. */
const integer = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
/** Go's ParseFloat takes an underscore between digits. */
const leadingPoint = /^\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?$/;
const maxUint64 = 2n ** 64n - 1n;
const maxInt64 = 2n ** 63n - 1n;

/** The characters that something other than a string may begin with; `""` stands for nothing. */
export const firstCharacters = ["", ...".+-0123456789yYnNtTfFoO~"];

export type Scalar = string | number | boolean | null | object;

/** @returns the string itself when it means nothing else */
export function resolveScalar(text: string): Scalar {
  const word = words.get(text);
  if (word !== undefined) return word;
  const first = text.charCodeAt(0);
  const digit = first >= 48 && first <= 57;
  if (first === 46 /* . */)
    return leadingPoint.test(text) ? finite(text.replaceAll("_", ""), text) : text;
  if (!digit && first !== 43 /* + */ && first !== 45 /* - */) return text;
  const plain = text.includes("_") ? text.replaceAll("_", "") : text;
  const match = integer.exec(plain);
  if (match !== null) {
    const value = integerValue(match);
    if (value !== undefined) return exactInteger(value);
  }
  return finite(plain, text);
}

function integerValue([, sign, hex, binary, octal, decimal]: RegExpExecArray): bigint | undefined {
  const digits =
    hex !== undefined
      ? `0x${hex}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : decimal;
  if (digits === undefined || digits.length > 80) return undefined;
  const size = BigInt(digits);
  // ParseUint, which takes what is past int64, knows no sign.
  const largest = sign === "" ? maxUint64 : sign === "-" ? maxInt64 + 1n : maxInt64;
  if (size > largest) return undefined;
  return sign === "-" ? -size : size;
}

/** A float as Go reads it; one that it cannot hold is a string. */
function finite(plain: string, text: string): Scalar {
  if (!float.test(plain)) return text;
  const value = Number(plain);
  return Number.isFinite(value) ? value : text;
}
