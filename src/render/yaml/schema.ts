/** js-yaml's schema for Kubernetes: scalars, keys and merges as go-yaml v2 reads them. */
import {
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  NOT_RESOLVED,
  Schema,
  strTag,
} from "js-yaml";
import { isExactInteger } from "../../model/exact-json.ts";
import { firstCharacters, resolveScalar, type Scalar } from "./scalars.ts";

type Mapping = Record<string, unknown>;

/** A `<<` that is not quoted. */
const merge = Symbol("merge");

const mergeKey = defineScalarTag<symbol>("tag:mooring.dev,2025:merge-key", {
  implicit: true,
  implicitFirstChars: ["<"],
  resolve: (text) => (text === "<<" ? merge : NOT_RESOLVED),
  identify: () => false,
});

const sequence = defineSequenceTag<unknown[]>("tag:yaml.org,2002:seq", {
  create: () => [],
  addItem: (items, item) => void items.push(item === merge ? "<<" : item),
  identify: () => false,
});

const isInteger = (value: Scalar) => Number.isInteger(value) || isExactInteger(value);
const isNumber = (value: Scalar) => typeof value === "number" || isExactInteger(value);

export interface KubernetesSchema {
  schema: Schema;
  /** To be called before each file. */
  begin(): void;
  /** Whether a NaN or an infinity was met, which JSON does not have. */
  sawNonFinite(): boolean;
}

/**
 * The schema, with what it keeps while one file is read. A merge writes over what stands before
 * it and is written over by what stands after it, as in go-yaml v2 (not as in YAML's own text).
 *
 * @param maxMerged merged keys of one file
 */
export function kubernetesSchema(maxMerged: number): KubernetesSchema {
  const mergedKeys = new WeakMap<Mapping, Set<string>>();
  let merged = 0;
  let nonFinite = false;

  const read = (text: string): Scalar => {
    const value = resolveScalar(text);
    if (typeof value === "number" && !Number.isFinite(value)) nonFinite = true;
    return value;
  };

  const mergeInto = (target: Mapping, source: unknown): string => {
    if (Array.isArray(source)) {
      // Earlier ones take precedence.
      for (let i = source.length - 1; i >= 0; i--) {
        const error = isMapping(source[i]) ? mergeInto(target, source[i]) : mergeError;
        if (error !== "") return error;
      }
      return "";
    }
    if (!isMapping(source)) return mergeError;
    const keys = mergedKeys.get(target) ?? new Set();
    mergedKeys.set(target, keys);
    for (const [key, value] of Object.entries(source)) {
      if (++merged > maxMerged) return "too many merged keys";
      assign(target, key, value);
      keys.add(key);
    }
    return "";
  };

  const mapping = defineMappingTag<Mapping>("tag:yaml.org,2002:map", {
    create: () => ({}),
    addPair: (target, key, value) => {
      if (key === merge) return mergeInto(target, value);
      const name = keyName(key);
      if (name === undefined) return keyError(key);
      mergedKeys.get(target)?.delete(name);
      assign(target, name, value === merge ? "<<" : value);
      return "";
    },
    has: (target, key) => {
      const name = keyName(key);
      return (
        name !== undefined && Object.hasOwn(target, name) && !mergedKeys.get(target)?.has(name)
      );
    },
    // Asked by js-yaml's own merge, which this schema does not have.
    keys: (mapping) => Object.keys(mapping),
    get: (mapping, key) => mapping[String(key)],
    identify: () => false,
  });

  const plain = defineScalarTag<Scalar>("tag:mooring.dev,2025:plain", {
    implicit: true,
    implicitFirstChars: firstCharacters,
    resolve: read,
    identify: () => false,
  });
  /** An explicit `!!int` and the like: what the text means must be of that type. */
  const explicit = (name: string, fits: (value: Scalar) => boolean) =>
    defineScalarTag<Scalar>(`tag:yaml.org,2002:${name}`, {
      resolve: (text) => {
        const value = read(text);
        return fits(value) ? value : NOT_RESOLVED;
      },
      identify: () => false,
    });

  return {
    schema: new Schema([
      strTag,
      plain,
      mergeKey,
      explicit("int", isInteger),
      explicit("float", isNumber),
      explicit("bool", (value) => typeof value === "boolean"),
      explicit("null", (value) => value === null),
      sequence,
      mapping,
    ]),
    begin: () => {
      merged = 0;
      nonFinite = false;
    },
    sawNonFinite: () => nonFinite,
  };
}

const mergeError = "map merge requires a map or a list of maps as the value";

function isMapping(value: unknown): value is Mapping {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !isExactInteger(value)
  );
}

/** JSON knows only strings as keys: integers and booleans become theirs, as in sigs.k8s.io/yaml. */
function keyName(key: unknown): string | undefined {
  switch (typeof key) {
    case "string":
      return key;
    case "boolean":
      return String(key);
    case "number":
      return Number.isSafeInteger(key) ? String(key) : undefined;
    default:
      return undefined;
  }
}

function keyError(key: unknown): string {
  return typeof key === "number"
    ? "a key that is a fraction loses its zeros: put it in quotes"
    : "a key must be a string, an integer or a boolean: put it in quotes";
}

function assign(target: Mapping, key: string, value: unknown): void {
  // A key like any other, not the object's prototype.
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else {
    target[key] = value;
  }
}
