/**
 * One HTTP exchange over a kept connection, through undici's dispatch: no streams, one concatenation,
 * a deadline over all of it and a bound on the answer's size.
 */
import type { Dispatcher } from "undici";

export interface ExchangeRequest {
  origin: string;
  path: string;
  method: string;
  headers: Record<string, string | string[]>;
  body: string | undefined;
  timeoutMs: number;
  maxBytes: number;
  signal: AbortSignal | undefined;
  /** Called when a connection is there, synchronously before the first byte is written; throws to stop it. */
  beforeSend: (() => void) | undefined;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** There is no complete answer. `sent` false: the apiserver certainly saw nothing of the request. */
export class NoAnswer extends Error {
  readonly why: "connection" | "timeout" | "too-large";
  readonly sent: boolean;
  constructor(why: NoAnswer["why"], sent: boolean, message: string, cause?: unknown) {
    super(message, { cause });
    this.why = why;
    this.sent = sent;
  }
}

/** @throws NoAnswer; the signal's reason; whatever `beforeSend` throws. */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Answer> {
  const { signal, maxBytes } = request;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    let controller: Dispatcher.DispatchController | undefined;
    let failed: Error | undefined;
    let sent = false;
    let answer: Omit<Answer, "body"> | undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;

    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const fail = (error: Error): void => {
      if (failed !== undefined) return;
      failed = error;
      settle();
      reject(error);
      controller?.abort(error);
    };
    const onAbort = (): void => fail(signal?.reason as Error);
    const timer = setTimeout(
      () => fail(new NoAnswer("timeout", sent, `no answer within ${request.timeoutMs} ms`)),
      request.timeoutMs,
    );
    signal?.addEventListener("abort", onAbort, { once: true });

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(given) {
        controller = given;
        // undici may hand a request to a second connection when the first broke before it was written.
        if (failed !== undefined) given.abort(failed);
        else {
          try {
            request.beforeSend?.();
            sent = true;
          } catch (error) {
            fail(error as Error);
          }
        }
      },
      onResponseStart(_, status, headers) {
        answer = { status, headers };
      },
      onResponseData(_, chunk) {
        bytes += chunk.length;
        if (bytes > maxBytes)
          fail(new NoAnswer("too-large", sent, `the answer is larger than ${maxBytes} bytes`));
        else chunks.push(chunk);
      },
      onResponseEnd() {
        if (failed !== undefined || answer === undefined) return;
        settle();
        const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes);
        resolve({ ...answer, body });
      },
      onResponseError(_, error) {
        fail(new NoAnswer("connection", sent, error.message, error));
      },
    };
    try {
      dispatcher.dispatch(
        {
          origin: request.origin,
          path: request.path,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error) {
      fail(error as Error);
    }
  });
}
