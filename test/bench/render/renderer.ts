/** The process that renders (program.ts), from the side of the one that asks it. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { readImage } from "../image.ts";
import { peakMiB, usageOf } from "../processes.ts";
import type { Answer, Ask, RenderAsked, Rendered, RendererSettings } from "./protocol.ts";

const program = fileURLToPath(new URL("program.ts", import.meta.url));

export class RenderingProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param profile directory that gets its CPU profile when it ends */
  static async start(settings: RendererSettings, profile?: string): Promise<RenderingProcess> {
    const { env, nodeFlags } = await readImage();
    const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
    const child = fork(program, [JSON.stringify(settings)], {
      env: { ...env, PATH: "/usr/bin:/bin", HOME: settings.directory },
      execArgv: [...nodeFlags, ...profiling],
    });
    const renderer = new RenderingProcess(child);
    await renderer.#answer();
    return renderer;
  }

  async render(sources: readonly RenderAsked[]): Promise<Rendered> {
    const answer = await this.#ask({ op: "render", sources });
    if (!("rendered" in answer)) throw new Error("the answer is another question's");
    return answer.rendered;
  }

  /** Until its threads are gone and memory was given back. @returns MiB that are resident then */
  async rest(): Promise<number> {
    await this.#ask({ op: "rest" });
    return (await usageOf(this.#pid)).residentMiB;
  }

  /** The most that was resident, in MiB, since it began. */
  peakMiB(): Promise<number> {
    return peakMiB(this.#pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }

  get #pid(): number {
    if (this.#child.pid === undefined) throw new Error("it has no process id");
    return this.#child.pid;
  }

  async #ask(ask: Ask): Promise<Answer> {
    const answer = this.#answer();
    this.#child.send(ask);
    return answer;
  }

  async #answer(): Promise<Answer> {
    const over = new AbortController();
    const ended = once(this.#child, "exit", { signal: over.signal }).then(([code]) => {
      throw new Error(`the process that renders ended with ${code}`);
    });
    try {
      const message = once(this.#child, "message", { signal: over.signal });
      const [answer] = await Promise.race([message, ended]);
      return answer as Answer;
    } finally {
      over.abort();
      ended.catch(() => {});
    }
  }
}
