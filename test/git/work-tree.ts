/** git as people use it in a checkout; bare repositories are repository.ts's. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { gitEnvironment } from "./git.ts";

const person = { name: "Developer", email: "developer@example.com" };

/** @returns standard output */
export async function gitIn(workTree: string, args: readonly string[]): Promise<Buffer> {
  const identity = ["-c", `user.name=${person.name}`, "-c", `user.email=${person.email}`];
  const { stdout } = await promisify(execFile)("git", [...identity, ...args], {
    cwd: workTree,
    env: { ...gitEnvironment },
    encoding: "buffer",
  });
  return stdout;
}

/** Commits everything that is there. @returns the commit's id */
export async function commitAll(workTree: string, message: string): Promise<string> {
  await gitIn(workTree, ["init", "--quiet", "--initial-branch=main"]);
  await gitIn(workTree, ["-c", "advice.addEmbeddedRepo=false", "add", "--all", "--force"]);
  await gitIn(workTree, ["commit", "--quiet", "--allow-empty", `--message=${message}`]);
  return (await gitIn(workTree, ["rev-parse", "HEAD"])).toString().trim();
}
