/** The one way to the apiserver: pooled, bounded, impersonating, and fenced. */
import { setTimeout as delay } from "node:timers/promises";
import type { ApiRequest } from "./api-request.ts";
import { type Call, decode, headersOf, noAnswer, prepare, refusalOf } from "./call.ts";
import type { Connection } from "./connection.ts";
import { type Answer, exchange, NoAnswer } from "./exchange.ts";
import { Slots } from "./slots.ts";
import { type ApiStream, openStream } from "./stream.ts";

export { type ApiRequest, type Identity, serviceAccountIdentity } from "./api-request.ts";
export type { ApiStream } from "./stream.ts";

export interface Transport {
  /**
   * The decoded JSON body.
   *
   * 429 means "not executed" and is tried again after Retry-After, a few times. A GET without an
   * answer is tried again too; a write never is: its outcome is unknown and only the caller knows
   * what a repetition would do.
   *
   * @throws ApiError; the signal's reason when it is aborted; whatever `mayWrite` throws.
   */
  request<T>(request: ApiRequest): Promise<T>;
  /** The bytes of an answer that does not end, once its status is 2xx. Never waits for a slot. @throws as request */
  stream(request: ApiRequest): Promise<ApiStream>;
}

export interface TransportHooks {
  /**
   * Throws to refuse. Asked for everything but GETs and dry-runs: when the request has its slot,
   * and again synchronously before its first byte leaves.
   */
  mayWrite?: () => void;
  /** Once for every finished try; of a stream when its headers are there. `code` 0: no answer. */
  observe?: (observed: Observed) => void;
}

export interface Observed {
  verb: string;
  group: string;
  resource: string;
  code: number | string;
  seconds: number;
  write: boolean;
}

export interface TransportClock {
  /** Milliseconds since any fixed point. */
  monotonic(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface TransportOptions {
  maxInFlight: number;
  hooks?: TransportHooks;
  clock?: TransportClock;
  /** In [0, 1). */
  random?: () => number;
  /** Bound on one answer. A page of a list that goes past it is asked for in halves. */
  maxResponseBytes?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** What a throttled request waits at most for at once, whatever Retry-After says. */
const LONGEST_PAUSE_MS = 30_000;
const THROTTLED_TRIES = 6;
const UNANSWERED_TRIES = 3;

export function createTransport(connection: Connection, options: TransportOptions): Transport {
  const slots = new Slots(options.maxInFlight);
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const maxBytes = options.maxResponseBytes ?? DEFAULT_MAX_BYTES;
  const { mayWrite, observe } = options.hooks ?? {};

  const once = async (call: Call): Promise<Answer> => {
    const { request, write } = call;
    await slots.acquire(request.signal);
    try {
      const headers = await headersOf(connection, request);
      if (write) mayWrite?.();
      const started = clock.monotonic();
      let code = 0;
      try {
        const answer = await exchange(connection.requests, {
          origin: call.origin,
          path: call.url,
          method: request.method,
          headers,
          body: call.body,
          timeoutMs: request.timeoutMs ?? DEFAULT_TIMEOUT_MS,
          maxBytes,
          signal: request.signal,
          beforeSend: write ? mayWrite : undefined,
        });
        code = answer.status;
        return answer;
      } finally {
        const { verb, group, resource } = call.subject;
        const seconds = (clock.monotonic() - started) / 1000;
        observe?.({ verb, group, resource, code, seconds, write });
      }
    } finally {
      slots.release();
    }
  };

  return {
    async request<T>(request: ApiRequest): Promise<T> {
      const call = prepare(connection.server, request);
      let throttled = 0;
      let unanswered = 0;
      let renewed = false;
      for (;;) {
        let answer: Answer;
        try {
          answer = await once(call);
        } catch (error) {
          if (!(error instanceof NoAnswer)) throw error;
          unanswered += 1;
          if (
            request.method !== "GET" ||
            error.why !== "connection" ||
            unanswered >= UNANSWERED_TRIES
          )
            throw noAnswer(call, error);
          await clock.sleep(100 * 4 ** (unanswered - 1) * (0.5 + random()), request.signal);
          continue;
        }
        if (answer.status >= 200 && answer.status < 300) return decode<T>(call, answer);
        if (answer.status === 401 && !renewed) {
          // Not executed. Tokens and certificates rotate; ask for new ones once.
          renewed = true;
          await connection.renew();
          continue;
        }
        const refusal = refusalOf(call, answer);
        const again =
          answer.status === 429 ||
          (request.method === "GET" && answer.status >= 500 && refusal.retryAfter !== undefined);
        throttled += 1;
        if (!again || throttled >= THROTTLED_TRIES) throw refusal;
        const pause = Math.min((refusal.retryAfter ?? 1) * 1000, LONGEST_PAUSE_MS);
        await clock.sleep(pause * (1 + random() / 4), request.signal);
      }
    },

    async stream(request: ApiRequest): Promise<ApiStream> {
      const call = prepare(connection.server, request);
      if (request.method !== "GET") throw new TypeError("only GET requests can be streams");
      const started = clock.monotonic();
      let code = 0;
      try {
        const open = async () =>
          openStream(connection.streams, {
            origin: call.origin,
            path: call.url,
            headers: await headersOf(connection, request),
            timeoutMs: request.timeoutMs ?? DEFAULT_TIMEOUT_MS,
            signal: request.signal,
            broken: (why) => noAnswer(call, why),
          });
        let answer = await open();
        if (answer.status === 401) {
          await connection.renew();
          answer = await open();
        }
        code = answer.status;
        if (answer.kind === "refused") throw refusalOf(call, answer);
        return answer.stream;
      } catch (error) {
        throw error instanceof NoAnswer ? noAnswer(call, error) : error;
      } finally {
        const { verb, group, resource } = call.subject;
        const seconds = (clock.monotonic() - started) / 1000;
        observe?.({ verb, group, resource, code, seconds, write: false });
      }
    },
  };
}

const systemClock: TransportClock = {
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};
