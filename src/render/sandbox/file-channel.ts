/**
 * Files across threads, synchronously: a renderer's thread asks and sleeps, the main thread looks
 * and wakes it. What the run will probably ask for is sent along before, and costs no question.
 */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { FileAnswers } from "./host.ts";
import { type ClockCells, pauseClock, resumeClock } from "./thread-clock.ts";

export type FileOperation = "stat" | "read" | "list";

/** What is at a path, as it is sent along with a run. */
export type Expected = { file: Uint8Array } | { directory: readonly string[] } | { missing: true };

/** What the main thread answers with. Throws what ends the run. */
export interface SandboxFiles {
  /** @throws Problem for a path that must not be followed */
  stat(path: string): Promise<"missing" | "file" | "directory">;
  /** undefined: no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Names, sorted, those of directories with a `/` at the end; undefined: no such directory. */
  list(path: string): Promise<readonly string[] | undefined>;
  /** What the render will probably ask for. */
  expected(): Promise<ReadonlyMap<string, Expected>>;
  /** The render used what `expected` said of this path. */
  used(operation: FileOperation, path: string): void;
}

export interface FileQuestion {
  operation: FileOperation;
  path: string;
}
type Answer = ReturnType<FileAnswers[FileOperation]>;
/** `ended`: there is no answer, and the run's end is known to the main thread. */
type Reply = { answer: Answer } | { ended: true };

/** Thrown through the module where the main thread ended the run. */
export class RunEnded extends Error {}

/** Of the paths sent along, which were used for what: bits, one byte for each path. */
export type UsedBits = Uint8Array<SharedArrayBuffer>;
const bits = { stat: 1, read: 2, list: 4 } as const;

/** Set when a reply was posted. */
export type Bell = Int32Array<SharedArrayBuffer>;

export function createBell(): Bell {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** The thread's side. */
export function remoteFiles(o: {
  port: MessagePort;
  bell: Bell;
  clock: ClockCells;
  now: () => bigint;
  expected: ReadonlyMap<string, Expected>;
  used: UsedBits;
}): FileAnswers {
  const indexes = new Map([...o.expected.keys()].map((path, index) => [path, index]));
  const ask = (operation: FileOperation, path: string): Answer => {
    const index = indexes.get(path);
    const expected = o.expected.get(path);
    if (index !== undefined && expected !== undefined) {
      o.used[index] = (o.used[index] ?? 0) | bits[operation];
      return answerOf(operation, expected);
    }
    pauseClock(o.clock, o.now());
    Atomics.store(o.bell, 0, 0);
    o.port.postMessage({ operation, path } satisfies FileQuestion);
    Atomics.wait(o.bell, 0, 0);
    resumeClock(o.clock, o.now());
    const reply = receiveMessageOnPort(o.port)?.message as Reply | undefined;
    if (reply === undefined || "ended" in reply) throw new RunEnded();
    return reply.answer;
  };
  return {
    stat: (path) => ask("stat", path) as ReturnType<FileAnswers["stat"]>,
    read: (path) => ask("read", path) as ReturnType<FileAnswers["read"]>,
    list: (path) => ask("list", path) as ReturnType<FileAnswers["list"]>,
  };
}

function answerOf(operation: FileOperation, expected: Expected): Answer {
  if ("missing" in expected) return "missing";
  if (operation === "stat") return "file" in expected ? "file" : "directory";
  if ("file" in expected) return operation === "read" ? expected.file : "file";
  return operation === "list" ? expected.directory : "directory";
}

/** The main thread's side of one question. @returns false when `files` threw: the run is over */
export async function answerQuestion(
  { operation, path }: FileQuestion,
  files: SandboxFiles,
  reply: { port: MessagePort; bell: Bell },
): Promise<void> {
  try {
    const answer = await look(operation, path, files);
    if (answer instanceof Uint8Array) {
      // A copy: a Buffer may be a slice of a larger one, all of which would cross.
      const copy = new Uint8Array(answer);
      reply.port.postMessage({ answer: copy } satisfies Reply, [copy.buffer]);
    } else {
      reply.port.postMessage({ answer } satisfies Reply);
    }
  } catch (error) {
    reply.port.postMessage({ ended: true } satisfies Reply);
    throw error;
  } finally {
    Atomics.store(reply.bell, 0, 1);
    Atomics.notify(reply.bell, 0);
  }
}

async function look(operation: FileOperation, path: string, files: SandboxFiles): Promise<Answer> {
  if (operation === "stat") return files.stat(path);
  const found = operation === "read" ? await files.read(path) : await files.list(path);
  if (found !== undefined) return found;
  const there = await files.stat(path);
  const other = operation === "read" ? "directory" : "file";
  return there === other ? other : "missing";
}

/** Tells `files` what a run used of what was sent along, however the run ended. */
export function reportUsed(
  files: SandboxFiles,
  expected: ReadonlyMap<string, Expected>,
  used: UsedBits,
): void {
  let index = 0;
  for (const path of expected.keys()) {
    const set = used[index] ?? 0;
    index += 1;
    if (set === 0) continue;
    for (const operation of ["stat", "read", "list"] as const) {
      if ((set & bits[operation]) !== 0) files.used(operation, path);
    }
  }
}
