/** A developer's clone of the repository: changes are committed and pushed as people do it. */
import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gitEnvironment } from "../test/git/git.ts";

export interface Commit {
  readonly id: string;
  readonly subject: string;
}

export class Clone {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** @param directory is created */
  static async of(url: string, directory: string): Promise<Clone> {
    await git(["clone", "--quiet", url, directory]);
    const clone = new Clone(directory);
    await clone.#git("config", "user.name", "Developer");
    await clone.#git("config", "user.email", "developer@example.com");
    return clone;
  }

  read(path: string): Promise<string> {
    return readFile(join(this.directory, path), "utf8");
  }

  write(path: string, text: string): Promise<void> {
    return writeFile(join(this.directory, path), text);
  }

  remove(path: string): Promise<void> {
    return rm(join(this.directory, path));
  }

  async commit(message: string): Promise<Commit> {
    await this.#git("commit", "--quiet", "--all", `--message=${message}`);
    return this.head();
  }

  /** A commit that undoes the last one. */
  async revert(): Promise<Commit> {
    await this.#git("revert", "--no-edit", "HEAD");
    return this.head();
  }

  async push(): Promise<void> {
    await this.#git("push", "--quiet", "origin", "HEAD:main");
  }

  async head(): Promise<Commit> {
    const [id = "", subject = ""] = (await this.#git("log", "-1", "--format=%H%n%s")).split("\n");
    return { id, subject };
  }

  #git(...args: string[]): Promise<string> {
    return git(["-C", this.directory, ...args]);
  }
}

/** `1a2b3c4 "Subject"` */
export function describe({ id, subject }: Commit): string {
  return `${id.slice(0, 7)} "${subject}"`;
}

/** @throws Error with what git said on standard error */
async function git(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("git", [...args], { env: { ...gitEnvironment } });
  return stdout;
}
