/**
 * Child processes that end with their owner, however the owner ends.
 *
 * The owner's side of supervisor.mjs: it starts the supervisor in a session of its own and
 * holds the pipe whose end stops every child and removes the temporary directory.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

export interface ChildSpec {
  readonly name: string;
  /** Order of stopping: the highest tier first, one tier at a time. */
  readonly tier: number;
  readonly command: string;
  readonly args: readonly string[];
  /** File that gets standard output and standard error. */
  readonly log: string;
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ChildEnd {
  readonly name: string;
  readonly code: number | null;
  readonly signal: string | null;
  /** Set when the program could not be started at all. */
  readonly error?: string;
}

export interface SupervisedChild {
  readonly name: string;
  readonly pid: number | undefined;
  readonly end: ChildEnd | undefined;
  readonly ended: Promise<ChildEnd>;
  kill(signal: NodeJS.Signals): void;
}

type Report =
  | { ready: { directory: string } }
  | { refused: { message: string } }
  | { started: { name: string; pid: number } }
  | { exited: ChildEnd };

class Child implements SupervisedChild {
  readonly name: string;
  readonly ended: Promise<ChildEnd>;
  pid: number | undefined;
  end: ChildEnd | undefined;
  #settle!: (end: ChildEnd) => void;
  readonly #send: (message: object) => void;

  constructor(name: string, send: (message: object) => void) {
    this.name = name;
    this.#send = send;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  finish(end: ChildEnd): void {
    this.end = end;
    this.#settle(end);
  }

  kill(signal: NodeJS.Signals): void {
    this.#send({ kill: { name: this.name, signal } });
  }
}

export class Supervisor {
  /** Directory of the children; a temporary one is removed once they have ended. */
  readonly directory: string;
  readonly #process: ChildProcess;
  readonly #children: Map<string, Child>;

  private constructor(directory: string, process: ChildProcess, children: Map<string, Child>) {
    this.directory = directory;
    this.#process = process;
    this.#children = children;
  }

  /** @param place an existing directory that is kept, or the prefix of a temporary one */
  static async begin(
    place: { directory: string } | { temporaryPrefix: string },
  ): Promise<Supervisor> {
    const args =
      "directory" in place
        ? ["--directory", place.directory]
        : ["--temporary", place.temporaryPrefix];
    const process_ = spawn(
      process.execPath,
      [fileURLToPath(new URL("supervisor.mjs", import.meta.url)), ...args],
      { detached: true, stdio: ["pipe", "pipe", "inherit"] },
    );
    const children = new Map<string, Child>();
    process_.stdin.on("error", () => {});
    process_.once("exit", (code) => abandon(children, code));
    const directory = await new Promise<string>((resolve, reject) => {
      process_.once("error", reject);
      process_.once("exit", () => reject(new Error("the supervisor ended before it was ready")));
      createInterface({ input: process_.stdout }).on("line", (line) => {
        const report = JSON.parse(line) as Report;
        if ("ready" in report) resolve(report.ready.directory);
        else if ("refused" in report) reject(new Error(report.refused.message));
        else if ("started" in report) {
          const child = children.get(report.started.name);
          if (child) child.pid = report.started.pid;
        } else children.get(report.exited.name)?.finish(report.exited);
      });
    });
    // An owner that has nothing else to do may end; that is what stops the children.
    process_.unref();
    (process_.stdin as Writable & { unref?(): void }).unref?.();
    (process_.stdout as Readable & { unref?(): void }).unref?.();
    return new Supervisor(directory, process_, children);
  }

  /** Starts a program. A name that has ended before may be used again. */
  start(spec: ChildSpec): SupervisedChild {
    if (this.#children.get(spec.name)?.end === undefined && this.#children.has(spec.name)) {
      throw new Error(`${spec.name} is running already`);
    }
    const child = new Child(spec.name, (message) => this.#send(message));
    this.#children.set(spec.name, child);
    this.#send({ start: spec });
    return child;
  }

  /** Resolves once every child has ended and a temporary directory is gone. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.ref();
    this.#process.stdin?.end();
    await exited;
  }

  #send(message: object): void {
    this.#process.stdin?.write(`${JSON.stringify(message)}\n`);
  }
}

/** A supervisor that was itself killed has stopped nobody: the owner does it. */
function abandon(children: Map<string, Child>, code: number | null): void {
  for (const child of children.values()) {
    if (child.end !== undefined || child.pid === undefined) continue;
    if (code !== 0) {
      try {
        process.kill(child.pid, "SIGKILL");
      } catch {
        // It ended on its own in the meantime.
      }
    }
    child.finish({ name: child.name, code: null, signal: "SIGKILL" });
  }
}
