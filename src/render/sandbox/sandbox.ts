/** Runs requests on the renderer modules: where code that others wrote meets files that others wrote. */
import { Problem } from "../../model/problem.ts";
import { unpackObjects } from "./answer.ts";
import { type Expected, reportUsed, type SandboxFiles, type UsedBits } from "./file-channel.ts";
import type { RenderedJson } from "./host.ts";
import { defaultSandboxLimits, type SandboxLimits } from "./limits.ts";
import type { Run, RunResult } from "./messages.ts";
import { Pool } from "./pool.ts";
import { RememberedKeys } from "./remembered-keys.ts";
import type { ThreadOutcome } from "./thread.ts";

export type RendererName = "kustomize" | "helm";

export interface SandboxRequest {
  renderer: RendererName;
  /** What the renderer takes, as JSON. */
  request: unknown;
  /** Where its clock stands. */
  clock: Date;
  /** Of its random numbers. */
  seed: Uint8Array;
  /** The application: one run of each at a time, each in its turn. */
  key: string;
}

export interface SandboxAnswer {
  /** Normalised, Lists flattened; integers past 2^53 are exact: read it with parseExact. */
  objects: readonly RenderedJson[];
  /** What the outcome would change with, besides request and files. */
  dependsOn: { random: boolean; clock: boolean };
}

export interface Sandbox {
  /**
   * A pure function of request and files, whichever thread runs it, whatever ran there before.
   * `files.used` is told also when it throws.
   * @throws Problem what the renderer says is wrong with its input, LimitExceeded, what `files`
   *   throws; the reason of `signal` when that is aborted
   */
  run(
    request: SandboxRequest,
    files: SandboxFiles,
    signal?: AbortSignal | undefined,
  ): Promise<SandboxAnswer>;
  /** Ends what runs or waits. */
  close(): Promise<void>;
}

/** A sandbox with threads of its own. */
export interface ThreadedSandbox extends Sandbox {
  /** Threads that run something, threads that do not, runs that wait for one. */
  readonly load: { busy: number; idle: number; waiting: number };
}

/** What one run did, for metrics. */
export interface SandboxCost {
  renderer: RendererName;
  /** `ok`, the code of the Problem, or `aborted`. */
  result: string;
  /** From the call to the answer. */
  seconds: number;
  /** Of which it waited for a thread. */
  waited: number;
  /** The renderer had to be loaded and made ready first. */
  cold: boolean;
  /** It was run again, from the seed. */
  repeated: boolean;
  /** Of the objects, as the renderer wrote them. */
  bytes: number;
}

export interface SandboxOptions {
  /** Of the modules: `kustomize.wasm`, `helm.wasm`. */
  directory: string;
  /** Threads at most; at least 1. */
  workers: number;
  idleMs: number;
  patienceMs?: number | undefined;
  limits?: Partial<SandboxLimits> | undefined;
  observe?: ((cost: SandboxCost) => void) | undefined;
}

/** A run that holds the last thread for so long while others wait gives way, once. */
const defaultPatienceMs = 2_000;
/** Applications of which is remembered that they draw random numbers of Go's runtime. */
const rememberedKeys = 10_000;

export function createSandbox(o: SandboxOptions): ThreadedSandbox {
  const limits = { ...defaultSandboxLimits, ...o.limits };
  const patienceMs = o.patienceMs ?? defaultPatienceMs;
  const pool = new Pool({ ...o, limits, patienceMs });
  const needFresh = new RememberedKeys(rememberedKeys);

  const run = async (
    request: SandboxRequest,
    files: SandboxFiles,
    cost: SandboxCost,
    signal: AbortSignal | undefined,
  ): Promise<SandboxAnswer> => {
    // Of its last turn: what an earlier one is still waiting for comes too late.
    let turn = 0;
    let prepared: { run: Run; expected: ReadonlyMap<string, Expected> } | undefined;
    const outcome = await new Promise<ThreadOutcome>((resolve) => {
      const stop = pool.add({
        key: request.key,
        renderer: request.renderer,
        async prepare() {
          turn += 1;
          const mine = turn;
          prepared = undefined;
          const expected = await files.expected();
          const run = runOf(request, expected, needFresh.has(keyOf(request)));
          if (mine === turn) prepared = { run, expected };
          return run;
        },
        files,
        settle: (outcome, waited) => {
          signal?.removeEventListener("abort", stop);
          cost.waited = waited / 1000;
          resolve(outcome);
        },
        again(outcome) {
          if (outcome.how !== "replied" || !outcome.reply.ok) return false;
          if (prepared === undefined) return false;
          const job = prepared.run;
          cost.cold ||= outcome.reply.cold;
          // Twice at most: what differs from one to the next is not made certain by a third.
          if (cost.repeated || outcome.reply.needsFresh === job.fresh) return false;
          needFresh.set(keyOf(request), outcome.reply.needsFresh);
          job.fresh = outcome.reply.needsFresh;
          cost.repeated = true;
          return true;
        },
      });
      signal?.addEventListener("abort", stop, { once: true });
    });
    if (prepared !== undefined) reportUsed(files, prepared.expected, prepared.run.used);
    signal?.throwIfAborted();
    const reply = replyOf(outcome, request, limits);
    cost.bytes = reply.bytes;
    return { objects: await unpackObjects(reply.objects), dependsOn: reply.dependsOn };
  };

  return {
    async run(request, files, signal) {
      signal?.throwIfAborted();
      const start = performance.now();
      const cost: SandboxCost = {
        renderer: request.renderer,
        result: "ok",
        seconds: 0,
        waited: 0,
        cold: false,
        repeated: false,
        bytes: 0,
      };
      try {
        return await run(request, files, cost, signal);
      } catch (error) {
        cost.result = error instanceof Problem ? error.code : "aborted";
        throw error;
      } finally {
        cost.seconds = (performance.now() - start) / 1000;
        o.observe?.(cost);
      }
    },
    get load() {
      return { busy: pool.busy, idle: pool.size - pool.busy, waiting: pool.waiting };
    },
    close: () => pool.close(),
  };
}

function keyOf({ renderer, key }: SandboxRequest): string {
  return `${renderer} ${key}`;
}

function runOf(
  { renderer, request, clock, seed }: SandboxRequest,
  expected: ReadonlyMap<string, Expected>,
  fresh: boolean,
): Run {
  const used: UsedBits = new Uint8Array(new SharedArrayBuffer(expected.size));
  const time = clock.getTime();
  return {
    renderer,
    request: JSON.stringify(request),
    time,
    seed: compact(seed),
    fresh,
    expected: new Map([...expected].map(([path, what]) => [path, compactFile(what)])),
    used,
  };
}

function compactFile(expected: Expected): Expected {
  return "file" in expected ? { file: compact(expected.file) } : expected;
}

/** A Buffer may be a slice of a larger one, all of which would cross to the thread. */
function compact(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

function replyOf(
  outcome: ThreadOutcome,
  { renderer, request }: SandboxRequest,
  limits: SandboxLimits,
): Extract<RunResult, { ok: true }> {
  const { path } = request as { path?: unknown };
  const subject = typeof path === "string" && path !== "" ? `${path}: ` : "";
  const exceeded = (what: string) => new Problem("LimitExceeded", `${subject}rendering ${what}`);
  switch (outcome.how) {
    case "replied": {
      const { reply } = outcome;
      if (reply.ok) return reply;
      if ("unusable" in reply) {
        throw new Problem("RendererFailed", `this installation cannot run ${renderer}`, {
          detail: reply.unusable,
        });
      }
      if ("ended" in reply) throw new Error("a run ended, and nobody knows why");
      const { code, what, detail } = reply.refusal;
      // What stopped it from outside does not know whose it is.
      const told = what.includes(subject.slice(0, -2)) ? what : `${subject}${what}`;
      throw new Problem(code, told, detail === undefined ? {} : { detail });
    }
    case "files":
      throw outcome.error;
    case "late":
      throw exceeded(`takes longer than ${limits.deadlineMs / 1000} s (--render-timeout)`);
    case "crashed":
      if (outcome.outOfMemory)
        throw exceeded("takes too much memory for its objects and files (--render-output)");
      throw new Problem("RendererFailed", `${subject}${renderer} ended before it had an answer`, {
        cause: outcome.error,
      });
    case "preempted":
    case "stopped":
      throw new Problem("RendererFailed", `${subject}the renderer was closed`);
  }
}
