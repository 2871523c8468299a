/**
 * Bare repositories for tests, written by git's own plumbing; there is never a work tree.
 */
import { mkdir } from "node:fs/promises";
import { runGit } from "./git.ts";

/** What a path becomes in a commit; null removes the file, or everything below a directory. */
export type Change =
  | string
  | Uint8Array
  | null
  | { readonly executable: string }
  | { readonly symlink: string }
  | { readonly submodule: string };

export interface CommitOptions {
  /** Default `main`; created by its first commit. */
  readonly branch?: string;
  readonly message?: string;
  /** Time of author and committer; default now. */
  readonly date?: Date;
  readonly author?: { readonly name: string; readonly email: string };
  /** Another parent than the branch's head, null for none: the branch is forced to the new commit. */
  readonly parent?: string | null;
}

const developer = { name: "Developer", email: "developer@example.com" };

export class TestRepository {
  /** Path of the bare repository. */
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  static async create(directory: string): Promise<TestRepository> {
    await mkdir(directory, { recursive: true });
    await runGit(directory, ["init", "--quiet", "--bare", "--initial-branch=main"]);
    return new TestRepository(directory);
  }

  /** @returns the new commit's id */
  async commit(
    changes: Readonly<Record<string, Change>>,
    options: CommitOptions = {},
  ): Promise<string> {
    const lines = Object.entries(changes).map(([path, change]) => fileCommand(path, change));
    return this.#import(Buffer.concat(lines), options);
  }

  /** A commit that brings back the tree before the branch's last one, as `git revert HEAD` does. */
  async revertHead(options: Omit<CommitOptions, "parent"> = {}): Promise<string> {
    const branch = options.branch ?? "main";
    const head = await this.resolve(branch);
    const tree = await this.resolve(`${branch}~1^{tree}`);
    const subject = (await this.git(["log", "-1", "--format=%s", head])).trim();
    const message = `Revert "${subject}"\n\nThis reverts commit ${head}.`;
    return this.#import(Buffer.from(`M 040000 ${tree} ""\n`), { message, ...options });
  }

  /** Points a branch at a commit, which need not follow its head (a force-push). */
  async setBranch(branch: string, id: string): Promise<void> {
    await this.git(["update-ref", `refs/heads/${branch}`, id]);
  }

  async deleteBranch(branch: string): Promise<void> {
    await this.git(["update-ref", "-d", `refs/heads/${branch}`]);
  }

  /** A lightweight tag, or an annotated one where a message is given; an existing one is moved. */
  async tag(name: string, target = "main", message?: string): Promise<void> {
    const annotation = message === undefined ? [] : ["--annotate", `--message=${message}`];
    await this.git([
      "-c",
      `user.name=${developer.name}`,
      "-c",
      `user.email=${developer.email}`,
      ...["tag", "--force", ...annotation, name, target],
    ]);
  }

  /** @returns the id that a revision expression names. @throws when it names nothing */
  async resolve(revision: string): Promise<string> {
    return (
      await this.git(["rev-parse", "--verify", "--quiet", "--end-of-options", revision])
    ).trim();
  }

  /** Writes an object without git's checks: for trees that no honest git makes. @returns its id */
  async writeObject(type: "blob" | "tree" | "commit", content: Uint8Array): Promise<string> {
    const args = ["hash-object", "-w", "--literally", "--stdin", "-t", type];
    return (await runGit(this.directory, args, content)).toString().trim();
  }

  /** A commit of a tree that writeObject made. @returns its id */
  async commitTree(tree: string, options: CommitOptions = {}): Promise<string> {
    const { branch = "main", message = "Tree", date = new Date() } = options;
    const who = `${person(options.author ?? developer)} ${seconds(date)} +0000`;
    const text = `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\n${message}\n`;
    const id = await this.writeObject("commit", Buffer.from(text));
    await this.setBranch(branch, id);
    return id;
  }

  /** Forgets everything that no ref reaches, as a hosting service does after a force-push. */
  async collectGarbage(): Promise<void> {
    await this.git(["reflog", "expire", "--expire=now", "--all"]);
    await this.git(["gc", "--quiet", "--prune=now"]);
  }

  async configure(key: string, value: string): Promise<void> {
    await this.git(["config", key, value]);
  }

  async git(args: readonly string[]): Promise<string> {
    return (await runGit(this.directory, args)).toString();
  }

  async #import(commands: Buffer, options: CommitOptions): Promise<string> {
    const { branch = "main", date = new Date() } = options;
    const message = `${options.message ?? "Change"}\n`;
    const ref = `refs/heads/${branch}`;
    const head = await this.resolve(ref).catch(() => undefined);
    const parent = options.parent === undefined ? head : (options.parent ?? undefined);
    const header = [
      "feature done",
      // Without it, fast-import takes the branch's head as the parent of a root commit.
      ...(parent === undefined && head !== undefined ? [`reset ${ref}`] : []),
      `commit ${ref}`,
      "mark :1",
      `committer ${person(options.author ?? developer)} ${seconds(date)} +0000`,
      `data ${Buffer.byteLength(message)}`,
      message,
      ...(parent === undefined ? [] : [`from ${parent}`]),
    ];
    const stream = Buffer.concat([
      Buffer.from(`${header.join("\n")}\n`),
      commands,
      Buffer.from("\nget-mark :1\ndone\n"),
    ]);
    const args = ["fast-import", "--quiet", "--force", "--date-format=raw-permissive"];
    return (await runGit(this.directory, args, stream)).toString().trim();
  }
}

function fileCommand(path: string, change: Change): Buffer {
  const name = quoted(path);
  if (change === null) return Buffer.from(`D ${name}\n`);
  if (typeof change === "string" || change instanceof Uint8Array) {
    return inline("100644", name, change);
  }
  if ("executable" in change) return inline("100755", name, change.executable);
  if ("symlink" in change) return inline("120000", name, change.symlink);
  return Buffer.from(`M 160000 ${change.submodule} ${name}\n`);
}

function inline(mode: string, name: string, content: string | Uint8Array): Buffer {
  const data = Buffer.from(content);
  return Buffer.concat([
    Buffer.from(`M ${mode} inline ${name}\ndata ${data.length}\n`),
    data,
    Buffer.from("\n"),
  ]);
}

function quoted(path: string): string {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

function person({ name, email }: { name: string; email: string }): string {
  return `${name} <${email}>`;
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
