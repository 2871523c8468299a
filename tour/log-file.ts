/** A log of JSON lines that another process writes, followed as it grows. */
import { type FSWatcher, watch, writeFileSync } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { Unexpected } from "./steps.ts";

/** A line of the controller's log; src/status/logging.ts says what the members mean. */
export interface LogLine {
  readonly level: string;
  /** RFC 3339. */
  readonly time: string;
  readonly msg: string;
  readonly [member: string]: unknown;
}

type Reader = (line: LogLine) => void;

/** The file is looked at again after so long, should the system have told of no change. */
const anywayMs = 500;

export class LogFile {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #watcher: FSWatcher;
  readonly #timer: NodeJS.Timeout;
  readonly #readers = new Set<Reader>();
  #position = 0;
  #rest = "";
  #reading: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
    this.#watcher = watch(path, () => this.#look());
    this.#timer = setInterval(() => this.#look(), anywayMs);
    this.#timer.unref();
    this.#watcher.unref();
  }

  /** Creates the file, empty. */
  static async create(path: string): Promise<LogFile> {
    writeFileSync(path, "");
    return new LogFile(path, await open(path, "r"));
  }

  /** Told of every line from now on. @returns stops it */
  listen(reader: Reader): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /** The first line from now on that is meant. @throws Unexpected after the deadline */
  first(isMeant: (line: LogLine) => boolean, deadlineMs: number): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        stop();
        reject(new Unexpected(`a line of the log within ${deadlineMs / 1000} s`, "none"));
      }, deadlineMs);
      timer.unref();
      const stop = this.listen((line) => {
        if (!isMeant(line)) return;
        stop();
        clearTimeout(timer);
        resolve(line);
      });
    });
  }

  /** The last lines of all that was written, whether JSON or not. */
  async tail(lines: number): Promise<string[]> {
    const text = await readFile(this.path, "utf8").catch(() => "");
    return text.trimEnd().split("\n").slice(-lines);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#watcher.close();
    this.#readers.clear();
    await this.#reading;
    await this.#file.close();
  }

  #look(): void {
    this.#reading = this.#reading.then(() => this.#read()).catch(() => {});
  }

  async #read(): Promise<void> {
    const chunk = Buffer.alloc(64 * 1024);
    for (;;) {
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      // The controller's log is ASCII but for names; a character cut in two is only shown badly.
      const lines = (this.#rest + chunk.toString("utf8", 0, bytesRead)).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const text of lines) this.#tell(text);
    }
  }

  #tell(text: string): void {
    let line: LogLine;
    try {
      line = JSON.parse(text) as LogLine;
    } catch {
      // What is not of the log, such as a stack trace of a crash, is shown by tail().
      return;
    }
    for (const reader of this.#readers) reader(line);
  }
}
