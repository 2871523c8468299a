/** An answer that does not end: a watch. */
import type { Dispatcher } from "undici";
import { NoAnswer } from "./exchange.ts";

export interface ApiStream extends AsyncIterable<Buffer> {
  /** Ends the iteration without an error. */
  cancel(): void;
}

export interface StreamRequest {
  origin: string;
  path: string;
  headers: Record<string, string | string[]>;
  /** Until the headers of the answer are there. */
  timeoutMs: number;
  signal: AbortSignal | undefined;
  /** What the iteration throws when the connection breaks. */
  broken: (why: NoAnswer) => Error;
}

type Opened =
  | { kind: "open"; status: number; stream: ApiStream }
  | {
      kind: "refused";
      status: number;
      headers: Record<string, string | string[] | undefined>;
      body: Buffer;
    };

/** An error's body that is longer than this is cut; it is a message for people. */
const LONGEST_REFUSAL = 64 * 1024;

/** @throws NoAnswer; the signal's reason */
export async function openStream(
  dispatcher: Dispatcher,
  { origin, path, headers, timeoutMs, signal: outer, broken }: StreamRequest,
): Promise<Opened> {
  outer?.throwIfAborted();
  const own = new AbortController();
  const forward = (): void => own.abort(outer?.reason);
  outer?.addEventListener("abort", forward, { once: true });
  const done = (): void => outer?.removeEventListener("abort", forward);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    own.abort();
  }, timeoutMs);
  try {
    const response = await dispatcher.request({
      origin,
      path,
      method: "GET",
      headers,
      headersTimeout: 0,
      // The watch has its own watchdog; a quiet kind is quiet for minutes.
      bodyTimeout: 0,
      signal: own.signal,
    });
    if (response.statusCode >= 200 && response.statusCode < 300) {
      clearTimeout(timer);
      const stream = streamOf(response.body, { own, outer, done, broken });
      return { kind: "open", status: response.statusCode, stream };
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > LONGEST_REFUSAL) break;
    }
    done();
    const body = Buffer.concat(chunks).subarray(0, LONGEST_REFUSAL);
    return { kind: "refused", status: response.statusCode, headers: response.headers, body };
  } catch (error) {
    done();
    if (outer?.aborted) throw outer.reason;
    if (late) throw new NoAnswer("timeout", true, `no answer within ${timeoutMs} ms`);
    throw new NoAnswer("connection", true, (error as Error).message, error);
  } finally {
    clearTimeout(timer);
  }
}

function streamOf(
  body: AsyncIterable<Buffer>,
  life: {
    own: AbortController;
    outer: AbortSignal | undefined;
    done: () => void;
    broken: (why: NoAnswer) => Error;
  },
): ApiStream {
  let cancelled = false;
  return {
    cancel() {
      cancelled = true;
      life.done();
      life.own.abort();
    },
    async *[Symbol.asyncIterator]() {
      try {
        yield* body;
      } catch (error) {
        if (life.outer?.aborted) throw life.outer.reason;
        if (!cancelled)
          throw life.broken(new NoAnswer("connection", true, (error as Error).message, error));
      } finally {
        life.done();
      }
    },
  };
}
