/**
 * An apiserver's error about a Secret, without anything that it may quote of it. By allow-list: a
 * text that is not known to be free of values is dropped, whatever it says (invariant 17).
 */
import type { Status, StatusCause } from "./api-status.ts";
import {
  admissionDenial,
  failedWebhook,
  isImmutability,
  quotesNoValue,
  typedFault,
} from "./error-texts.ts";

const WITHHELD = "the apiserver's words are withheld, because they may quote the Secret";

/** Reasons that are ours (api-error.ts): their texts hold nothing of the object. */
const ownReasons = new Set(["Unreachable", "Timeout", "ResponseTooLarge", "InvalidResponse"]);

export function withoutSecretValues(status: Status): Status {
  const causes = status.details?.causes?.map(safeCause);
  const safe: Status = { ...status, message: safeMessage(status, causes ?? []) };
  if (status.details !== undefined) {
    const { causes: _, ...details } = status.details;
    safe.details = causes === undefined ? details : { ...details, causes };
  }
  return safe;
}

function safeMessage(
  { message = "", reason = "", details }: Status,
  causes: StatusCause[],
): string {
  if (message === "" || ownReasons.has(reason) || quotesNoValue(message)) return message;
  const denial = admissionDenial(message);
  if (denial?.by !== undefined) {
    const [kind, name] = denial.by.split(" ");
    // In the shape that admissionDenial() reads.
    return kind === "webhook"
      ? `admission webhook "${name}" denied the request: ${WITHHELD}`
      : `ValidatingAdmissionPolicy '${name}' with binding '?' denied request: ${WITHHELD}`;
  }
  const webhook = failedWebhook(message);
  if (webhook !== undefined) return `failed calling webhook "${webhook}": ${WITHHELD}`;
  const fault = typedFault(message);
  // The text up to the colon names the object; the field's path and the kind of fault follow.
  if (fault !== undefined) return typedMessage(message, fault.field);
  if (causes.length > 0) {
    const listed = causes.map((cause) => [cause.field, cause.message].filter(Boolean).join(": "));
    return `Secret "${details?.name ?? ""}" is refused: ${listed.join(", ")}`;
  }
  return WITHHELD;
}

/** Keeps what typedFault() needs to say the same again. */
function typedMessage(message: string, field: string | undefined): string {
  const head = /^failed to (?:create typed|convert) \w+ object \([^)]*\)/.exec(message)?.[0] ?? "";
  const kept =
    /: (expected (?:string|numeric|map|list|boolean)\b|duplicate entries for key|field not declared in schema)/.exec(
      message,
    )?.[1];
  if (message.includes("illegal base64 data")) return `${head}: illegal base64 data`;
  if (kept === undefined) return `${head}: ${field === undefined ? "" : `${field}: `}${WITHHELD}`;
  // A list's key may be a value; a Secret has lists in its metadata only.
  const key = kept.startsWith("duplicate") ? " [...]" : "";
  return `${head}: ${field ?? ""}: ${kept}${key}`;
}

function safeCause({ reason, field, message = "" }: StatusCause): StatusCause {
  const cause: StatusCause = {};
  if (reason !== undefined) cause.reason = reason;
  if (field !== undefined) cause.field = field;
  cause.message = causeIsSafe(reason, field, message) ? message : shortOf(reason, message);
  return cause;
}

function causeIsSafe(
  reason: string | undefined,
  field: string | undefined,
  message: string,
): boolean {
  switch (reason) {
    case "FieldManagerConflict":
    case "NamespaceTerminating":
      return true;
    case "FieldValueRequired":
      return message === "Required value";
    default:
      return (
        field !== undefined &&
        /^(type|metadata\.(name|namespace|generateName|uid|resourceVersion|labels|finalizers)\b.*)$/.test(
          field,
        )
      );
  }
}

function shortOf(reason: string | undefined, message: string): string {
  if (isImmutability(message)) return "field is immutable";
  return reason === undefined ? "refused" : `${reason} (${WITHHELD})`;
}
