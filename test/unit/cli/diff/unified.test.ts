import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { externalDiff, unifiedDiffs } from "../../../../src/cli/diff/unified.ts";

const changed = { name: "ConfigMap shop/a", live: "a: 1\nb: 2\n", desired: "a: 1\nb: 3\n" };
const created = { name: "ConfigMap shop/b", live: "", desired: "a: 1\n" };
const wanted = [
  "--- ConfigMap shop/a (cluster)\n+++ ConfigMap shop/a (main)\n@@ -1,2 +1,2 @@\n a: 1\n-b: 2\n+b: 3\n",
  "--- ConfigMap shop/b (cluster)\n+++ ConfigMap shop/b (main)\n@@ -0,0 +1 @@\n+a: 1\n",
];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-unified-test-"));
});
afterAll(() => rm(directory, { recursive: true }));

describe("unified diffs", () => {
  it("are those of diff -u", async () => {
    const env = { PATH: process.env.PATH };
    expect(await unifiedDiffs([changed, created], "main", env)).toEqual(wanted);
  });

  it("are those of git where there is no diff, and the same", async () => {
    const git = execFileSync("which", ["git"], { encoding: "utf8" }).trim();
    await symlink(git, join(directory, "git"));
    const env = { PATH: directory };
    expect(await unifiedDiffs([changed, created], "main", env)).toEqual(wanted);
  });

  it("are none where there is neither", async () => {
    await expect(unifiedDiffs([changed], "main", { PATH: "/nowhere" })).rejects.toThrow(
      "neither diff nor git is installed",
    );
  });
});

describe("KUBECTL_EXTERNAL_DIFF", () => {
  it("gets a file of each object, however alike and long their names are, that only the caller reads", async () => {
    const program = join(directory, "lists");
    const listed = join(directory, "listed");
    await writeFile(
      program,
      `#!/bin/sh\nls -l "$2" > ${listed}; stat -c %a "$(dirname "$2")" >> ${listed}\n`,
    );
    await chmod(program, 0o755);
    const names = ["Role shop/a:b", "Role shop/a.b", `Role ${"n".repeat(63)}/${"x".repeat(253)}`];
    const texts = names.map((name) => ({ name, live: "", desired: "a: 1\n" }));
    await externalDiff(texts, program, { PATH: process.env.PATH });
    const [, ...lines] = (await readFile(listed, "utf8")).trim().split("\n");
    expect(lines.filter((line) => line.startsWith("-rw------- "))).toHaveLength(3);
    expect(lines.at(-1)).toBe("700");
  });

  it("that fails, or is not installed, is told", async () => {
    const program = join(directory, "fails");
    await writeFile(program, "#!/bin/sh\nexit 3\n");
    await chmod(program, 0o755);
    await expect(externalDiff([changed], program, {})).rejects.toThrow("ended with 3");
    await expect(externalDiff([changed], "/nowhere/differ", {})).rejects.toThrow(
      "KUBECTL_EXTERNAL_DIFF: /nowhere/differ is not installed",
    );
  });
});
