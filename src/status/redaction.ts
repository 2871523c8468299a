/**
 * Redaction: what leaves Mooring (logs, status, Events, metrics, errors) never holds a secret's
 * value (invariant 17). Three sources are closed here: credentials inside texts, the data of
 * Secrets inside objects, and texts of the apiserver that quote a Secret's fields.
 *
 * Removing too much is a blemish, removing too little is a leak: every rule errs to the former.
 */
import type { GroupKind } from "../model/object.ts";
import type { Problem } from "../model/problem.ts";

export const redacted = "***";

/** Holds the whole former object, Secret data included (client-side apply). */
export const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

/** Names of members whose value is never shown, whatever object they are in. */
export const sensitiveKeys: ReadonlySet<string> = new Set([
  "authorization",
  "password",
  "passwd",
  "token",
  "accesstoken",
  "bearertoken",
  "idtoken",
  "refreshtoken",
  "secret",
  "clientsecret",
  "apikey",
  "privatekey",
  "stringdata",
  "cookie",
  "set-cookie",
  "client-key-data",
  "clientkeydata",
  lastAppliedAnnotation,
]);

/**
 * Quantifiers are bounded, so that a hostile text costs linear time. No pattern takes a quote or
 * a lone backslash with it: a redacted line of JSON is still a line of JSON.
 */
const credentials: readonly (readonly [RegExp, string])[] = [
  // https://user:password@host: all up to the last @ before the path. More slashes are as good as two.
  [/([a-z][a-z0-9+.-]{0,20}:\/{2,16})[^\s/"'<>]{0,4096}@/gi, `$1${redacted}@`],
  [
    /([?&](?:[a-z0-9_-]{0,40}(?:token|password|secret|signature|credential|apikey|api_key)|sig|key)=)[^&\s"'<>\\]{1,4096}/gi,
    `$1${redacted}`,
  ],
  [/\b(authorization"\s{0,4}:\s{0,4}")[^\r\n"\\]{1,8192}/gi, `$1${redacted}`],
  [/\b(authorization\s{0,4}[:=]\s{0,4})[^\s"\\][^\r\n"\\]{0,8192}/gi, `$1${redacted}`],
  [/\b([Bb]earer\s{1,4})[A-Za-z0-9._~+/=-]{16,8192}/g, `$1${redacted}`],
  [/\b([Bb]asic\s{1,4})(?=[a-z+/]{0,4096}[0-9A-Z=])[A-Za-z0-9+/=]{8,8192}/g, `$1${redacted}`],
  [/\beyJ[A-Za-z0-9_-]{5,8192}\.[A-Za-z0-9_-]{1,8192}(?:\.[A-Za-z0-9_-]{0,8192})?/g, redacted],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[abpr]-)[A-Za-z0-9_-]{10,255}/g, redacted],
  [
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[^"\\]|\\[nrt])*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|(?="|\\[^nrt])|$)/g,
    redacted,
  ],
];

/** A text without credentials: of URLs, headers, tokens, private keys. A line of JSON stays one. */
export function redactCredentials(text: string): string {
  let clean = text;
  for (const [pattern, replacement] of credentials) clean = clean.replace(pattern, replacement);
  return clean;
}

/** A text as it may be shown: without credentials, and without values where it speaks of a Secret. */
export function redactText(text: string): string {
  return /\bsecrets?\b/i.test(text) ? redactSecretText(text) : redactCredentials(text);
}

/** What the apiserver quotes of an object: values behind these words. */
const quoted: readonly (readonly [RegExp, string])[] = [
  [/Value:[\s\S]*\}/g, `Value:${redacted}}`],
  [
    /(Invalid value|Unsupported value|Duplicate value): (?:"(?:[^"\\]|\\.)*"|\S+)/g,
    `$1: ${redacted}`,
  ],
  [
    /(unmarshal(?:ling)?|expected \S+, got|parse error on|invalid value) (?:"(?:[^"\\]|\\.)*"|'[^']*'|`[^`]*`)/gi,
    `$1 ${redacted}`,
  ],
  // Base64, as Secrets hold it: long, with small and capital letters and digits; not a whole path.
  [
    /(?<![\w+=])(?=[A-Za-z+]{0,512}\d)(?=[a-z0-9+]{0,512}[A-Z])(?=[A-Z0-9+]{0,512}[a-z])[A-Za-z0-9+]{12,}={0,2}/g,
    redacted,
  ],
];

/**
 * A text of the apiserver about a Secret, without the values that it quotes
 * (`got &value.valueUnstructured{Value:"hunter2"}`, `Invalid value: "hunter2"`). The second
 * line: cluster/ already drops what it does not know to be free of values.
 */
export function redactSecretText(text: string): string {
  let clean = redactCredentials(text);
  for (const [pattern, replacement] of quoted) clean = clean.replace(pattern, replacement);
  return clean;
}

export function isSecret(kind: GroupKind): boolean {
  return kind.group === "" && kind.kind === "Secret";
}

/** The message of a problem, as it may be shown. */
export function problemText(problem: Problem): string {
  const secret = problem.object !== undefined && isSecret(problem.object);
  return secret ? redactSecretText(problem.message) : redactText(problem.message);
}

const maxDepth = 12;
const maxMembers = 200;

/**
 * A copy of any value that may be shown: Secret data, last-applied annotations and sensitive
 * members replaced, texts redacted, cycles, depth and breadth bounded.
 */
export function redactValue(value: unknown): unknown {
  return copy(value, 0, new Set(), false);
}

function copy(value: unknown, depth: number, above: Set<object>, secretItem: boolean): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof URL) return redactText(value.href);
  if (above.has(value)) return "[circular]";
  if (depth >= maxDepth) return "[deep]";
  above.add(value);
  try {
    if (value instanceof Error) return describeError(value, depth, above);
    if (value instanceof Map) return copy(Object.fromEntries(value), depth, above, secretItem);
    if (Array.isArray(value) || value instanceof Set) {
      const items = [...value];
      const shown = items
        .slice(0, maxMembers)
        .map((item) => copy(item, depth + 1, above, secretItem));
      return items.length > maxMembers ? [...shown, `[${items.length - maxMembers} more]`] : shown;
    }
    return copyMembers(value as Record<string, unknown>, depth, above, secretItem);
  } finally {
    above.delete(value);
  }
}

function copyMembers(
  object: Record<string, unknown>,
  depth: number,
  above: Set<object>,
  secretItem: boolean,
): Record<string, unknown> {
  const { kind } = object;
  const secret = kind === "Secret" || (secretItem && kind === undefined);
  const result: Record<string, unknown> = {};
  let shown = 0;
  for (const [key, member] of Object.entries(object)) {
    if (++shown > maxMembers) {
      result["..."] = "[more]";
      break;
    }
    const hidden =
      sensitiveKeys.has(key.toLowerCase()) || (secret && (key === "data" || key === "stringData"));
    if (hidden && member !== null && member !== undefined) result[key] = redacted;
    else result[key] = copy(member, depth + 1, above, kind === "SecretList" && key === "items");
  }
  return result;
}

/** An error as data: what the log needs, without what it must not have. */
export function describeError(
  error: Error,
  depth = 0,
  above: Set<object> = new Set(),
): Record<string, unknown> {
  const { code, object, origin, detail, retryAfter } = error as Partial<Problem>;
  const secret = object !== undefined && typeof object === "object" && isSecret(object);
  const text = (value: string) => (secret ? redactSecretText(value) : redactText(value));
  return {
    type: error.name,
    message: text(error.message),
    ...(code === undefined ? {} : { code: String(code) }),
    ...(object === undefined ? {} : { object: copy(object, depth + 1, above, false) }),
    ...(origin === undefined ? {} : { origin: text(String(origin)) }),
    ...(detail === undefined ? {} : { detail: text(String(detail)) }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(error.stack === undefined ? {} : { stack: text(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: causeOf(error.cause, secret, depth, above) }),
  };
}

/** A Secret's problem was caused by the apiserver's answer, which quotes the Secret: only its kind is told. */
function causeOf(cause: unknown, secret: boolean, depth: number, above: Set<object>): unknown {
  if (!secret) return copy(cause, depth + 1, above, false);
  return cause instanceof Error
    ? { type: cause.name, message: redactSecretText(cause.message) }
    : redacted;
}
