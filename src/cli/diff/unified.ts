/** Unified diffs by the program for it, as kubectl has them made. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Texts {
  /** For people, and the file's name: `ConfigMap shop/web`. */
  name: string;
  /** Empty: there is none. */
  live: string;
  desired: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** File systems take 255 bytes. */
const longestName = 240;
const longestDiff = 256 * 1024 * 1024;

/**
 * By `diff -u`, else by `git diff --no-index`.
 * @param to what the second side is called
 * @throws Error when neither is installed
 */
export async function unifiedDiffs(
  all: readonly Texts[],
  to: string,
  env: Environment,
): Promise<string[]> {
  return inFiles(
    all,
    async (files) => {
      const diffs: string[] = [];
      for (const [index, { name }] of all.entries()) {
        const [live = "", desired = ""] = files.map((directory) => join(directory, String(index)));
        const labels = ["--label", `${name} (cluster)`, "--label", `${name} (${to})`];
        diffs.push(
          (await answerOf("diff", ["-u", ...labels, live, desired], env)) ??
            (await byGit(live, desired, labels, env)),
        );
      }
      return diffs;
    },
    (_, index) => String(index),
  );
}

/**
 * By the program of KUBECTL_EXTERNAL_DIFF, on two directories, with the terminal for its own. As
 * kubectl takes the variable: words, of which those with other characters than letters, digits, -
 * and = are left out.
 */
export async function externalDiff(
  all: readonly Texts[],
  command: string,
  env: Environment,
): Promise<void> {
  const [program = "", ...words] = command.split(" ").filter((word) => word !== "");
  const args = words.filter((word) => /^[a-zA-Z0-9-=]+$/.test(word));
  await inFiles(
    all,
    async (directories) => {
      const child = spawn(program, [...args, ...directories], {
        stdio: "inherit",
        env: { ...env },
      });
      const failed = (why: string) => new Error(`KUBECTL_EXTERNAL_DIFF: ${program} ${why}`);
      try {
        const [code] = (await once(child, "close")) as [number | null];
        if (code === null || code > 1) throw failed(`ended with ${code ?? "a signal"}`);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        throw code === "ENOENT" ? failed("is not installed") : error;
      }
    },
    fileNames(all),
  );
}

/** Two names may differ in what files are not called by (`a:b`, `a.b`), and be longer than files may be. */
function fileNames(all: readonly Texts[]): (one: Texts, index: number) => string {
  const plain = all.map(({ name }) => name.replaceAll(/[^A-Za-z0-9.-]+/g, "."));
  const counts = new Map<string, number>();
  for (const name of plain) counts.set(name, (counts.get(name) ?? 0) + 1);
  return (_, index) => {
    const name = plain[index] ?? "";
    const isPlain = counts.get(name) === 1 && name.length <= longestName;
    return isPlain ? name : `${name.slice(0, longestName)}_${index}`;
  };
}

async function inFiles<T>(
  all: readonly Texts[],
  use: (directories: readonly [live: string, desired: string]) => Promise<T>,
  fileOf: (one: Texts, index: number) => string,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "mooring-diff-"));
  try {
    const sides = [join(directory, "LIVE"), join(directory, "MERGED")] as const;
    for (const side of sides) await mkdir(side);
    for (const [index, one] of all.entries()) {
      await writeFile(join(sides[0], fileOf(one, index)), one.live, { mode: 0o600 });
      await writeFile(join(sides[1], fileOf(one, index)), one.desired, { mode: 0o600 });
    }
    return await use(sides);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function byGit(
  live: string,
  desired: string,
  labels: readonly string[],
  env: Environment,
): Promise<string> {
  const args = ["diff", "--no-index", "--no-color", "--no-ext-diff", "--", live, desired];
  const answer = await answerOf("git", args, env);
  if (answer === undefined) {
    throw new Error("neither diff nor git is installed; -o json tells the fields without them");
  }
  const hunks = answer.indexOf("\n@@");
  return hunks < 0 ? "" : `--- ${labels[1]}\n+++ ${labels[3]}${answer.slice(hunks)}`;
}

/** Standard output of a program that ends with 0 or 1; undefined where it is not installed. */
function answerOf(
  program: string,
  args: readonly string[],
  env: Environment,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = { env: { PATH: env.PATH, LC_ALL: "C" }, maxBuffer: longestDiff };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null || error.code === 1) resolve(stdout);
      else if (error.code === "ENOENT") resolve(undefined);
      else reject(new Error(`${program}: ${stderr.trim() || error.message}`));
    });
  });
}
