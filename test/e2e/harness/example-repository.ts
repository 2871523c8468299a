/** The examples as users take them: each folder a repository, with the test's server in the placeholder's place. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestRepository } from "../../git/repository.ts";
import type { GitServer } from "../../git/server.ts";

const examples = fileURLToPath(new URL("../../../examples", import.meta.url));
const placeholder = /https:\/\/git\.example\/([\w-]+)\.git/g;

/** A file of the examples that people apply by hand. */
export async function exampleFile(path: string, git: GitServer): Promise<string> {
  return onServer(await readFile(join(examples, path), "utf8"), git);
}

/**
 * A repository with everything below a folder of the examples.
 * @param name as the placeholder URL has it, without `.git`
 */
export async function exampleRepository(
  folder: string,
  name: string,
  git: GitServer,
): Promise<TestRepository> {
  const root = join(examples, folder);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files: Record<string, string> = {};
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(root.length + 1)] = onServer(await readFile(path, "utf8"), git);
  }
  const repository = await git.createRepository(name);
  await repository.commit(files, { message: "First" });
  return repository;
}

function onServer(text: string, git: GitServer): string {
  return text.replaceAll(placeholder, (_, name: string) => git.url(name));
}
