/**
 * jq path expressions of `ignoreDifferences`, evaluated by jq itself (compiled to WASM) in a
 * worker: an expression that loops ends with the worker, not with the controller.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { KubeObject } from "../model/object.ts";
import { Problem } from "../model/problem.ts";

type Paths = (string | number)[][];

export type JqAnswer = { paths: Paths } | { error: string };

/** Idle this long, the worker and its memory go. */
const idleMs = 10_000;

/** Said instead of an error that may quote a Secret's values (invariant 17). */
const unquoted = "it is no path expression for a Secret (jq's own message might quote its values)";

export class Jq {
  readonly #deadlineMs: number;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** One after the other, so that a loop costs nobody else's deadline. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: { deadlineMs: number }) {
    this.#deadlineMs = options.deadlineMs;
  }

  /**
   * The paths that the expression names in the object.
   * @throws Problem InvalidSpec when it is no path expression, or takes longer than the deadline.
   */
  paths(expression: string, object: KubeObject): Promise<Paths> {
    const turn = this.#turn.then(() => this.#evaluate(expression, object));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#turn;
    await this.#worker?.terminate();
  }

  async #evaluate(expression: string, object: KubeObject): Promise<Paths> {
    clearTimeout(this.#idle);
    const refuse = (why: string) =>
      new Problem(
        "InvalidSpec",
        `spec.ignoreDifferences: jq refused the expression ${expression}: ${why}`,
      );
    this.#worker ??= startWorker();
    const worker = this.#worker;
    // As text: raw JSON numbers do not survive a structured clone.
    worker.postMessage({ expression, object: JSON.stringify(object) });
    try {
      const signal = AbortSignal.timeout(this.#deadlineMs);
      const [answer] = (await once(worker, "message", { signal })) as [JqAnswer];
      if ("error" in answer) throw refuse(holdsSecrets(object) ? unquoted : answer.error);
      return answer.paths;
    } catch (error) {
      if (error instanceof Problem) throw error;
      this.#worker = undefined;
      await worker.terminate();
      const late = error instanceof Error && error.name === "AbortError";
      throw refuse(late ? `it took longer than ${this.#deadlineMs} ms` : String(error));
    } finally {
      this.#rest();
    }
  }

  #rest(): void {
    this.#idle = setTimeout(() => {
      void this.#worker?.terminate();
      this.#worker = undefined;
    }, idleMs);
    this.#idle.unref();
  }
}

/** What jq says of a fault quotes the object. */
function holdsSecrets({ apiVersion, kind }: KubeObject): boolean {
  return apiVersion === "v1" && kind === "Secret";
}

function startWorker(): Worker {
  // The same ending as this file: .ts in a checkout, .js when compiled.
  const file = import.meta.url.endsWith(".ts") ? "./jq-worker.ts" : "./jq-worker.js";
  const worker = new Worker(new URL(file, import.meta.url), {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
  worker.unref();
  return worker;
}
