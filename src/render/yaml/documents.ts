/** A YAML file's documents, with where they begin. js-yaml parses; what it means, schema.ts says. */
import { constructFromEvents, EVENT_ID, type Event, YAMLException } from "js-yaml";
import type { RenderLimits } from "../limits.ts";
import { measureExpansion } from "./expansion.ts";
import { addedColumns, parseLeniently } from "./flow-indentation.ts";
import { type KubernetesSchema, kubernetesSchema } from "./schema.ts";

/** Why a file is not taken. Never quotes a value. */
export class DocumentError extends Error {
  readonly code: "InvalidManifest" | "LimitExceeded" | "Unsupported";
  /** From 1. */
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(
    code: DocumentError["code"],
    what: string,
    at: { line?: number | undefined; column?: number | undefined } = {},
  ) {
    super(what);
    this.name = "DocumentError";
    this.code = code;
    this.line = at.line;
    this.column = at.column;
  }
}

export interface YamlDocument {
  /** Line of its first content, from 1. */
  line: number;
  /** JSON values; integers past 2^53 as exact-json.ts holds them. Parts may be shared. */
  value: unknown;
  /** Lines on which the items of its key `items` begin. */
  itemLines(): number[];
}

export type ReadDocuments = (bytes: Uint8Array) => YamlDocument[];

/** A reader of YAML (and so of JSON) files. Throws DocumentError. */
export function createDocumentReader(limits: RenderLimits): ReadDocuments {
  const schema = kubernetesSchema(limits.values);
  return (bytes) => {
    if (bytes.byteLength > limits.fileBytes) {
      throw new DocumentError("LimitExceeded", `the file has more than ${limits.fileBytes} bytes`);
    }
    let source: string;
    try {
      // Takes a byte order mark off.
      source = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new DocumentError("InvalidManifest", "the file is not UTF-8 text");
    }
    try {
      return read(source, limits, schema);
    } catch (error) {
      throw asDocumentError(error);
    }
  };
}

function read(text: string, limits: RenderLimits, schema: KubernetesSchema): YamlDocument[] {
  const { source, events } = parseLeniently(text, { maxDepth: limits.depth });
  const starts = documentStarts(events);
  if (starts.length > limits.documents) {
    throw new DocumentError(
      "LimitExceeded",
      `the file has more than ${limits.documents} documents`,
    );
  }
  schema.begin();
  const values = constructFromEvents(events, { source, schema: schema.schema });
  if (schema.sawNonFinite()) {
    throw new DocumentError("InvalidManifest", "NaN and infinity cannot be written as JSON");
  }
  const lineOf = lineCounter(source);
  const shared = events.some(({ type }) => type === EVENT_ID.ALIAS);
  return values.map((value, i) => {
    const { start = 0, event = 0 } = starts[i] ?? {};
    const line = lineOf(start);
    if (shared) checkExpansion(value, limits, line);
    return {
      line,
      value: value ?? null,
      itemLines: () => itemStarts(source, events, event).map(lineCounter(source)),
    };
  });
}

function checkExpansion(value: unknown, limits: RenderLimits, line: number): void {
  const size = measureExpansion(value);
  if (size === undefined) {
    throw new DocumentError("InvalidManifest", "an anchor contains itself", { line });
  }
  if (size.values > limits.values || size.bytes > limits.documentBytes) {
    throw new DocumentError("LimitExceeded", "the aliases expand to too large a document", {
      line,
    });
  }
  if (size.depth > limits.depth) {
    throw new DocumentError("LimitExceeded", `nested deeper than ${limits.depth}`, { line });
  }
}

/** Where the content of each document begins: offset, and index of its event. */
function documentStarts(events: readonly Event[]): { start: number; event: number }[] {
  const starts: { start: number; event: number }[] = [];
  events.forEach(({ type }, i) => {
    if (type !== EVENT_ID.DOCUMENT) return;
    const content = events[i + 1];
    starts.push({ start: content === undefined ? 0 : offsetOf(content), event: i + 1 });
  });
  return starts;
}

function itemStarts(source: string, events: readonly Event[], root: number): number[] {
  if (events[root]?.type !== EVENT_ID.MAPPING) return [];
  const starts: number[] = [];
  let depth = 0;
  let isKey = true;
  let inItems = false;
  for (let i = root; i < events.length; i++) {
    const event = events[i] as Event;
    if (event.type === EVENT_ID.POP) {
      depth -= 1;
      if (depth === 0) break;
      if (depth === 1) inItems = false;
      continue;
    }
    if (depth === 2 && inItems) starts.push(offsetOf(event));
    if (depth === 1) {
      if (!isKey) inItems = inItems && event.type === EVENT_ID.SEQUENCE;
      else if (event.type === EVENT_ID.SCALAR) {
        inItems = source.slice(event.valueStart, event.valueEnd) === "items";
      }
      isKey = !isKey;
    }
    if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) depth += 1;
  }
  return starts;
}

function offsetOf(event: Event): number {
  if ("valueStart" in event) return event.valueStart;
  return "start" in event ? event.start : 0;
}

/** Lines of ascending offsets, in one pass. */
function lineCounter(source: string): (offset: number) => number {
  let line = 1;
  let at = 0;
  return (offset) => {
    for (let next = source.indexOf("\n", at); next >= 0 && next < offset; ) {
      line += 1;
      at = next + 1;
      next = source.indexOf("\n", at);
    }
    return line;
  };
}

/** The one place that matches js-yaml's texts. */
function asDocumentError(error: unknown): DocumentError {
  if (error instanceof DocumentError) return error;
  if (error instanceof RangeError) {
    return new DocumentError("LimitExceeded", "nested too deeply");
  }
  if (!(error instanceof YAMLException)) {
    return new DocumentError("InvalidManifest", "the YAML cannot be read");
  }
  const { mark } = error;
  const at =
    mark === undefined
      ? {}
      : {
          line: mark.line + 1,
          column: mark.column + 1 - addedColumns(mark.buffer, mark.position),
        };
  const limited = /exceeded|too many merged keys/.test(error.reason);
  return new DocumentError(limited ? "LimitExceeded" : "InvalidManifest", error.reason, at);
}
