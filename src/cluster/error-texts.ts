/**
 * The one place that knows the apiserver's error texts.
 *
 * Codes, reasons and causes come first; a text is matched only where they leave cases apart that
 * people must treat differently. test/contract/cluster pins each text against a real apiserver, so
 * that a Kubernetes version that words it otherwise is noticed. An unmatched text is never wrong,
 * only less helpful.
 */

/** `conflict with "kubectl" using apps/v1 at 2026-...` -> `kubectl`; with a subresource: `conflict with "x" with subresource "scale"`. */
export function conflictingManager(causeMessage: string): string {
  const quoted = /conflict with "((?:[^"\\]|\\.)*)"/.exec(causeMessage)?.[1];
  return quoted?.replaceAll(/\\(.)/g, "$1") ?? causeMessage;
}

export interface RbacDenial {
  user: string;
  verb: string;
  /** `deployments.apps`, `secrets`, `deployments.apps/scale`. */
  resource: string;
  namespace: string | undefined;
}

/** k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go, forbiddenMessage. */
export function rbacDenial(message: string): RbacDenial | undefined {
  const match =
    /User "([^"]*)" cannot (\S+) resource "([^"]*)" in API group "([^"]*)" (?:at the cluster scope|in the namespace "([^"]*)")/.exec(
      message,
    );
  if (match === null) return undefined;
  const [, user = "", verb = "", plural = "", group = "", namespace] = match;
  const [resource = "", subresource] = plural.split("/");
  const grouped = group === "" ? resource : `${resource}.${group}`;
  return {
    user,
    verb,
    resource: subresource === undefined ? grouped : `${grouped}/${subresource}`,
    namespace,
  };
}

/** Creating or widening a role, or binding one, beyond what the writer holds. */
export function isEscalation(message: string): boolean {
  return message.includes("is attempting to grant RBAC permissions not currently held");
}

export interface AdmissionDenial {
  /** `webhook x`, `policy x`; undefined for an admission plugin inside the apiserver. */
  by: string | undefined;
  why: string;
}

/** Webhooks deny with any code of their choice, policies with 422 by default. */
export function admissionDenial(message: string): AdmissionDenial | undefined {
  const webhook = /admission webhook "([^"]+)" denied the request(?:: | )([\s\S]*)$/.exec(message);
  if (webhook !== null) return { by: `webhook ${webhook[1]}`, why: webhook[2] ?? "" };
  const policy =
    /ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: ([\s\S]*)$/.exec(
      message,
    );
  if (policy !== null) return { by: `policy ${policy[1]}`, why: policy[2] ?? "" };
  return undefined;
}

/** A webhook that could not be asked, with failurePolicy Fail: HTTP 500, and nobody's fault in Git. */
export function failedWebhook(message: string): string | undefined {
  return /failed calling webhook "([^"]+)"/.exec(message)?.[1];
}

export interface TypedFault {
  /** `.spec.template.spec.containers[name="c"].env`; undefined where the apiserver names none. */
  field: string | undefined;
  /** Without any value of the object. */
  fault: string;
  /** What to do about it; undefined when the fault says it all. */
  cure: string | undefined;
}

/**
 * What server-side apply answers with HTTP 500, though it is the object's fault: values that do not
 * fit the schema. The rest of the sentence quotes values in Go's notation, so it is dropped.
 */
export function typedFault(message: string): TypedFault | undefined {
  const typed = /^failed to create typed (patch|live|new) object \([^)]*\): ([\s\S]*)$/.exec(
    message,
  );
  if (typed !== null) {
    const [, which, rest = ""] = typed;
    const known = faultOf(rest);
    if (which !== "live") return known;
    return { ...known, cure: "the live object itself does not fit the schema: repair it by hand" };
  }
  if (!/^failed to convert (new|patch) object \(/.test(message)) return undefined;
  if (message.includes("illegal base64 data"))
    return {
      field: undefined,
      fault: "illegal base64 data",
      cure: "encode the values of data, or write them as stringData",
    };
  if (message.includes("quantities must match the regular expression"))
    return {
      field: undefined,
      fault: "a quantity is malformed",
      cure: "write it like 500m or 1Gi",
    };
  return {
    field: undefined,
    fault: "a value is not of the type that the API wants",
    cure: undefined,
  };
}

function faultOf(text: string): TypedFault {
  // Several faults come as `errors:\n  .a: ...\n  .b: ...`; the first is named.
  const first = /(\.[^\n]*)/.exec(text)?.[1] ?? text;
  const duplicate = /^(.*): duplicate entries for key (\[[^\]]*\])/.exec(first);
  if (duplicate !== null)
    return {
      field: duplicate[1],
      fault: `two entries have the key ${duplicate[2]}`,
      cure: "keep one of them",
    };
  const undeclared = /^(.*): field not declared in schema/.exec(first);
  if (undeclared !== null)
    return {
      field: undeclared[1],
      fault: "the API has no such field",
      cure: "correct its name or its indentation, or remove it",
    };
  const mistyped = /^(.*): expected (string|numeric|map|list|boolean)\b/.exec(first);
  if (mistyped !== null) {
    const wanted = mistyped[2] ?? "";
    return {
      field: mistyped[1],
      fault: `a ${nameOfType(wanted)} is expected`,
      cure: cureOf(wanted),
    };
  }
  const field = /^((?:\.[^\s.:[]+|\[[^\]]*\])+):/.exec(first)?.[1];
  return { field, fault: "the value does not fit the schema", cure: undefined };
}

function nameOfType(wanted: string): string {
  return wanted === "numeric" ? "number" : wanted;
}

function cureOf(wanted: string): string | undefined {
  switch (wanted) {
    case "string":
      return "put the value in quotes";
    case "numeric":
    case "boolean":
      return "write the value without quotes";
    default:
      return undefined;
  }
}

/** Each kind words it in its own way, and CEL rules of custom resources in theirs. */
export function isImmutability(causeMessage: string): boolean {
  return /immutable|may not (be )?change|can ?not (be )?change|updates to .+ are forbidden/i.test(
    causeMessage,
  );
}

/** `Invalid value: {"a": ...}: field is immutable` -> `field is immutable`, when what is quoted is long. */
export function withoutLongValue(causeMessage: string): string {
  const [line = ""] = causeMessage.split("\n");
  if (line.length <= 240) return line;
  const reason = /^Invalid value: .*[\]}"]: ([^{}]{1,240})$/.exec(line)?.[1];
  return reason === undefined ? `${line.slice(0, 240)}...` : `Invalid value: ${reason}`;
}

/** Whole sentences of the apiserver that quote names and never a value. */
const valueless = [
  /^[\w.-]+ "[^"]*" is forbidden: User "[^"]*" cannot \S+ resource "[^"]*" in API group "[^"]*"(?: in the namespace "[^"]*"| at the cluster scope)$/,
  /^[\w.-]+ is forbidden: User "[^"]*" cannot \S+ resource "[^"]*" in API group "[^"]*"(?: in the namespace "[^"]*"| at the cluster scope)$/,
  /^[\w.-]+ "[^"]*" is forbidden: unable to create new content in namespace \S+ because it is being terminated$/,
  /^[\w.-]+ "[^"]*" is forbidden: exceeded quota: [\w.-]+, requested: [\w./=,-]+, used: [\w./=,-]+, limited: [\w./=,-]+$/,
  /^[\w.-]+ "[^"]*" (?:not found|already exists)$/,
  /^Operation cannot be fulfilled on [\w.]+ "[^"]*": (?:the object has been modified|uid mismatch|the UID in the precondition|the ResourceVersion in the precondition|StorageError)[\w :;,().-]*$/,
  /^the server could not find the requested resource$/,
  /^404 page not found$/,
  /^the server rejected our request due to an error in our request$/,
  /^the server has received too many requests[\w ,]*$/,
  /^Request entity too large: limit is \d+$/,
  /^Unauthorized$/,
];

export function quotesNoValue(message: string): boolean {
  return valueless.some((pattern) => pattern.test(message));
}
