/** The log of one container, line by line, as `kubectl logs --timestamps` gets it. */
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Transport } from "../../cluster/transport.ts";

export interface Container {
  readonly namespace: string;
  readonly pod: string;
  readonly name: string;
}

export interface LogLine {
  readonly container: Container;
  /** When the kubelet read it: RFC 3339 with nanoseconds. Empty where it did not say. */
  readonly time: string;
  readonly text: string;
}

export interface LogOptions {
  follow: boolean;
  /** RFC 3339; only what came later. */
  since?: string | undefined;
  tail?: number | undefined;
  signal: AbortSignal;
}

/** Until the answer begins: a container that is followed may have nothing to say for long. */
const answerMs = 30_000;
const quietMs = 2 ** 31 - 1;
const stamped = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})) ?(.*)$/s;

/** @throws ApiError: 403, 404 for a Pod that went, 400 for a container that does not run yet */
export async function* linesOf(
  transport: Transport,
  container: Container,
  { follow, since, tail, signal }: LogOptions,
): AsyncGenerator<LogLine> {
  const { namespace, pod, name } = container;
  const stream = await transport.stream({
    method: "GET",
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`,
    query: {
      container: name,
      timestamps: "true",
      follow: follow ? "true" : undefined,
      sinceTime: since,
      tailLines: tail === undefined ? undefined : String(tail),
    },
    // What refuses it answers in JSON.
    accept: "text/plain, application/json",
    timeoutMs: follow ? quietMs : answerMs,
    signal,
  });
  try {
    const lines = createInterface({
      input: Readable.from(stream),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    for await (const line of lines) {
      const [, time = "", text = line] = stamped.exec(line) ?? [];
      yield { container, time, text };
    }
  } finally {
    stream.cancel();
  }
}

/** By time; lines of one container stay in their order. */
export function inOrder(lines: readonly LogLine[]): LogLine[] {
  return lines.toSorted((a, b) => compareTimes(a.time, b.time));
}

/** Nanoseconds count: they are compared as text, once both are in UTC and of one length. */
export function compareTimes(a: string, b: string): number {
  const [first, second] = [sortable(a), sortable(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function sortable(time: string): string {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return "";
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? "";
  return `${new Date(at).toISOString().slice(0, 19)}.${fraction.padEnd(9, "0")}`;
}
