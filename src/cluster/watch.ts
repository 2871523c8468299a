/** List and watch of one kind: what is there, what changed, and when neither is known. */
import { setTimeout as delay } from "node:timers/promises";
import { parseExact } from "../model/exact-json.ts";
import type { KubeObject, ResourceKind } from "../model/object.ts";
import { ApiError } from "./api-error.ts";
import type { Status } from "./api-status.ts";
import { jsonLines } from "./json-lines.ts";
import { listAll, METADATA_ONE, named } from "./list.ts";
import { objectPath } from "./object-path.ts";
import { subjectOf } from "./request-path.ts";
import type { Transport } from "./transport.ts";

/**
 * Called in the order of what happened, never concurrently. Nothing may be thrown: an exception ends
 * the watch and rejects its promise.
 */
export interface WatchHandler {
  /** A complete list as of `resourceVersion`: compare by uid; whatever is not in it is gone. */
  replaced(objects: readonly KubeObject[], resourceVersion: string): void;
  /** Created or changed. An object may come again unchanged. */
  changed(object: KubeObject): void;
  /**
   * The object as it was last. With a label selector also when only the label went, so: GET before
   * concluding that the object is gone.
   */
  deleted(object: KubeObject): void;
  /** What is known can no longer be trusted, until the next replaced() or resumed(). */
  unknown(why: string, forbidden: boolean): void;
  /** The watch goes on from where it was, without a gap. Changes made meanwhile follow at once. */
  resumed(): void;
}

export interface WatchOptions {
  transport: Transport;
  resource: ResourceKind;
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Objects come with `apiVersion`, `kind` and `metadata` (managedFields among it) only. */
  metadataOnly: boolean;
  handler: WatchHandler;
  signal: AbortSignal;
  /** In [0, 1). */
  random?: () => number;
  /** A sign of life from the server, by the monotonic clock: for the metric of the watch's age. */
  onActivity?: (at: number) => void;
  /** Milliseconds since any fixed point. */
  monotonic?: () => number;
  timing?: Partial<WatchTiming>;
}

export interface WatchTiming {
  /** How long the server keeps one watch request open, in seconds; up to 50 % is added at random. */
  timeoutSeconds: number;
  /** Silence after which a watch is taken for dead, once the server has sent bookmarks (about one a minute). */
  silenceMs: number;
  /** Pause after a failure; doubles up to the longest. */
  pauseMs: number;
  longestPauseMs: number;
  /** Pause while the kind is forbidden or missing. */
  refusedPauseMs: number;
}

const defaults: WatchTiming = {
  timeoutSeconds: 300,
  silenceMs: 150_000,
  pauseMs: 200,
  longestPauseMs: 30_000,
  refusedPauseMs: 30_000,
};

/** Beyond it is no object of etcd (1.5 MiB). */
const LONGEST_LINE = 64 * 1024 * 1024;

/**
 * Runs until it is aborted. Never gives up: every failure is told by unknown() and tried again.
 * One request at a time; a paged list first, then a watch that resumes by resourceVersion, then a
 * list again when that resourceVersion has expired (410).
 *
 * @throws only what the handler throws
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function watchKind(options: WatchOptions): Promise<void> {
  return new KindWatch(options).run();
}

interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: KubeObject & Status;
}

/** Without the parser's own words: they quote the object. */
function parseEvent(line: string): WatchEvent {
  try {
    return parseExact(line) as WatchEvent;
  } catch {
    throw new Error(`an event of ${line.length} characters is not JSON`);
  }
}

/** The handler's own exception, told from the server's errors. */
class HandlerFailure extends Error {}

class KindWatch {
  readonly #options: WatchOptions;
  readonly #timing: WatchTiming;
  readonly #random: () => number;
  readonly #monotonic: () => number;
  /** Where to go on; undefined: list first. */
  #resourceVersion: string | undefined;
  #trusted = false;
  #failures = 0;
  /** The server sends bookmarks for this kind (kube-apiserver every minute, aggregated ones may not). */
  #bookmarks = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#timing = { ...defaults, ...options.timing };
    this.#random = options.random ?? Math.random;
    this.#monotonic = options.monotonic ?? (() => performance.now());
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list();
        else await this.#follow(this.#resourceVersion);
      } catch (error) {
        if (error instanceof HandlerFailure) throw error.cause;
        if (signal.aborted) return;
        await this.#recover(error);
      }
    }
  }

  async #list(): Promise<void> {
    const { transport, resource, metadataOnly, handler, signal } = this.#options;
    const { namespace, labelSelector, fieldSelector } = this.#options;
    const list = await listAll(transport, resource, {
      namespace,
      labelSelector,
      fieldSelector,
      metadataOnly,
      signal,
    });
    this.#alive();
    this.#tell(() => handler.replaced(list.items, list.resourceVersion));
    this.#trusted = true;
    this.#resourceVersion = list.resourceVersion;
  }

  async #follow(from: string): Promise<void> {
    const { transport, resource, metadataOnly, handler, signal } = this.#options;
    const { namespace, labelSelector, fieldSelector } = this.#options;
    const seconds = Math.ceil(this.#timing.timeoutSeconds * (1 + this.#random() / 2));
    const opened = this.#monotonic();
    const stream = await transport.stream({
      method: "GET",
      path: objectPath(resource, namespace),
      query: {
        watch: "true",
        allowWatchBookmarks: "true",
        resourceVersion: from,
        timeoutSeconds: String(seconds),
        labelSelector,
        fieldSelector,
      },
      accept: metadataOnly ? METADATA_ONE : "application/json",
      signal,
    });
    this.#alive();
    if (!this.#trusted) {
      this.#tell(() => handler.resumed());
      this.#trusted = true;
    }
    // Until a bookmark was seen none is due, only the watch's end.
    let silence = this.#bookmarks ? this.#timing.silenceMs : seconds * 1000 + 15_000;
    let silent = false;
    let events = 0;
    const bark = (): void => {
      silent = true;
      stream.cancel();
    };
    let watchdog = setTimeout(bark, silence);
    try {
      for await (const line of jsonLines(stream, LONGEST_LINE)) {
        const event = parseEvent(line);
        events += 1;
        this.#alive();
        this.#take(event);
        if (event.type === "BOOKMARK" && !this.#bookmarks) {
          this.#bookmarks = true;
          silence = this.#timing.silenceMs;
          clearTimeout(watchdog);
          watchdog = setTimeout(bark, silence);
        } else watchdog.refresh();
      }
    } finally {
      clearTimeout(watchdog);
      stream.cancel();
    }
    if (silent) throw new Error(`nothing was heard for ${Math.round(silence / 1000)} s`);
    if (signal.aborted) return;
    // The server ends every watch after a while. One that ends at once is a server that cannot watch.
    if (events === 0 && this.#monotonic() - opened < 1000)
      throw new Error("the server ended the watch at once");
    this.#failures = 0;
  }

  #take({ type, object }: WatchEvent): void {
    const { resource, handler } = this.#options;
    if (type === "ERROR") throw this.#errorOf(object);
    const version = object.metadata?.resourceVersion;
    switch (type) {
      case "ADDED":
      case "MODIFIED":
        this.#tell(() => handler.changed(named(object, resource)));
        break;
      case "DELETED":
        this.#tell(() => handler.deleted(named(object, resource)));
        break;
      case "BOOKMARK":
        break;
    }
    // Only now: what the handler has not seen is not behind us.
    if (version !== undefined && version !== "") this.#resourceVersion = version;
    this.#failures = 0;
  }

  async #recover(error: unknown): Promise<void> {
    const { handler, signal, resource } = this.#options;
    const status = error instanceof ApiError ? error.status : 0;
    const why = error instanceof Error ? error.message : String(error);
    this.#trusted = false;
    this.#tell(() => handler.unknown(`${resource.resource}: ${why}`, status === 403));
    this.#failures += 1;
    let pause = Math.min(
      this.#timing.pauseMs * 2 ** Math.min(this.#failures - 1, 20),
      this.#timing.longestPauseMs,
    );
    if (status === 410) {
      this.#resourceVersion = undefined;
      if (this.#failures === 1) pause = 0;
    }
    if (status === 403 || status === 404 || status === 405) {
      // Forbidden, or the kind is gone: when it is back nothing is what it was.
      this.#resourceVersion = undefined;
      pause = this.#timing.refusedPauseMs;
    }
    const retryAfter = error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
    pause = Math.max(pause, retryAfter) * (0.75 + this.#random() / 2);
    await delay(pause, undefined, { signal }).catch(() => {});
  }

  #errorOf(status: Status): ApiError {
    const { resource, namespace } = this.#options;
    const path = objectPath(resource, namespace);
    const subject = subjectOf("GET", path, { watch: true });
    return new ApiError(status.code ?? 500, status, { subject, path });
  }

  #alive(): void {
    this.#options.onActivity?.(this.#monotonic());
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      throw new HandlerFailure("the handler failed", { cause: error });
    }
  }
}
