/** From a file's bytes to its objects: what must be true of each before it goes anywhere. Pure. */
import type { KubeObject } from "../model/object.ts";
import type { RenderLimits } from "./limits.ts";
import { NormaliseError, normalise } from "./normalise.ts";
import { createDocumentReader, DocumentError, type YamlDocument } from "./yaml/documents.ts";

/** One object of a file, normalised. Plain data: it crosses from a worker, and is cached. */
export interface Manifest {
  /** Line in its file, from 1. */
  line: number;
  /** JSON text: smaller than the object, and keeps integers past 2^53 (see exact-json.ts). */
  json: string;
}

/** What is wrong with a file. Does not name it: files of one content share their outcome. */
export interface ManifestFailure {
  code: DocumentError["code"];
  what: string;
  line?: number;
  column?: number;
}

export type ManifestOutcome =
  | { ok: true; manifests: readonly Manifest[] }
  | { ok: false; failure: ManifestFailure };

export type ReadManifests = (bytes: Uint8Array) => ManifestOutcome;

/** What names an object is told of it, and is in the path of each request for it. */
const longestName = 1_024;
/** Of its JSON. The apiserver takes no request of more than 3 MiB; a longer object holds up this thread. */
const longestObject = 4 * 1024 * 1024;
/** How many Lists may be in Lists. */
const listDepth = 4;

export function createManifestReader(limits: RenderLimits): ReadManifests {
  const readDocuments = createDocumentReader(limits);
  return (bytes) => {
    try {
      const manifests: Manifest[] = [];
      for (const document of readDocuments(bytes)) {
        if (document.value === null) continue;
        collect(document.value, document.line, manifests, { document, depth: 0 });
        if (manifests.length > limits.objects) {
          throw new DocumentError("LimitExceeded", `more than ${limits.objects} objects`);
        }
      }
      return { ok: true, manifests };
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      const { code, line, column, message } = error;
      return {
        ok: false,
        failure: {
          code,
          what: message,
          ...(line === undefined ? {} : { line }),
          ...(column === undefined ? {} : { column }),
        },
      };
    }
  };
}

/**
 * The objects of one value that a renderer made, Lists flattened, each normalised, as JSON.
 * @throws DocumentError; its line says nothing
 */
export function readObjects(value: unknown): string[] {
  const manifests: Manifest[] = [];
  if (value !== null) collect(value, 0, manifests, { depth: 0 });
  return manifests.map(({ json }) => json);
}

function collect(
  value: unknown,
  line: number,
  into: Manifest[],
  list: { document?: YamlDocument; depth: number },
): void {
  const object = checkObject(value, line);
  if (isList(object)) {
    if (list.depth >= listDepth) throw invalid("a List in a List in a List ...", line);
    const lines = list.document?.itemLines() ?? [];
    object.items.forEach((item, i) => {
      collect(item, lines[i] ?? line, into, { depth: list.depth + 1 });
    });
    return;
  }
  checkMetadata(object, line);
  try {
    const json = JSON.stringify(normalise(object as KubeObject));
    if (json.length > longestObject) {
      const what = `${nameOf(object)} has ${json.length} characters, more than the ${longestObject} of an object`;
      throw new DocumentError("LimitExceeded", what, { line });
    }
    into.push({ line, json });
  } catch (error) {
    if (error instanceof NormaliseError) throw invalid(`${nameOf(object)}: ${error.message}`, line);
    throw error;
  }
}

interface Identified {
  apiVersion: string;
  kind: string;
  [field: string]: unknown;
}

function checkObject(value: unknown, line: number): Identified {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid("the document is not a Kubernetes object: it is not a map", line);
  }
  const object = value as Record<string, unknown>;
  if (isEncrypted(object)) {
    throw new DocumentError(
      "Unsupported",
      "the document is encrypted by SOPS, decrypting it comes later",
      {
        line,
      },
    );
  }
  const hint = ": every document must be a Kubernetes object";
  if (!isName(object.apiVersion)) {
    throw invalid(`the document has no apiVersion${object.kind === undefined ? hint : ""}`, line);
  }
  if (!isName(object.kind)) throw invalid("the document has no kind", line);
  checkLength("apiVersion", object.apiVersion, line);
  checkLength("kind", object.kind, line);
  return object as Identified;
}

function checkMetadata(object: Identified, line: number): void {
  const { metadata } = object;
  if (!isMap(metadata)) throw invalid(`${object.kind} has no metadata.name`, line);
  const { name, generateName, namespace } = metadata;
  if (name === undefined || name === null || name === "") {
    throw invalid(
      generateName === undefined
        ? `${object.kind} has no metadata.name`
        : `${object.kind} has generateName but no name: what Git names has to be found again`,
      line,
    );
  }
  if (typeof name !== "string") {
    throw invalid(`${object.kind}: metadata.name is not a string: put it in quotes`, line);
  }
  checkLength("metadata.name", name, line);
  if (typeof namespace === "string") checkLength("metadata.namespace", namespace, line);
  if (namespace !== undefined && namespace !== null && typeof namespace !== "string") {
    throw invalid(`${nameOf(object)}: metadata.namespace is not a string: put it in quotes`, line);
  }
  for (const field of ["labels", "annotations"]) {
    const value = metadata[field];
    if (value !== undefined && value !== null && !isMap(value)) {
      throw invalid(`${nameOf(object)}: metadata.${field} is not a map`, line);
    }
  }
}

function checkLength(field: string, value: string, line: number): void {
  if (value.length > longestName)
    throw invalid(`an object's ${field} has more than ${longestName} characters`, line);
}

/** As kubectl flattens: a kind that ends with List and has items. */
function isList(object: Identified): object is Identified & { items: unknown[] } {
  if (!object.kind.endsWith("List") || !("items" in object)) return false;
  if (object.items === null) object.items = [];
  return Array.isArray(object.items);
}

/** SOPS leaves its own key beside the encrypted ones, with a MAC over them. */
function isEncrypted(object: Record<string, unknown>): boolean {
  return isMap(object.sops) && ("mac" in object.sops || "version" in object.sops);
}

function nameOf(object: Identified): string {
  const name = isMap(object.metadata) ? object.metadata.name : undefined;
  return typeof name === "string" ? `${object.kind} ${name}` : object.kind;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(what: string, line: number): DocumentError {
  return new DocumentError("InvalidManifest", what, { line });
}
