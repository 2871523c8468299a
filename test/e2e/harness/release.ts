/** An earlier release of Mooring as it was shipped: test/fixtures/releases. */
import { execFile } from "node:child_process";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Of deploy/install.yaml: CRD, RBAC, Deployment. */
export function manifestsOf(release: string): Promise<string> {
  return readFile(join(root, `test/fixtures/releases/${release}.yaml`), "utf8");
}

/**
 * Unpacks the program of a release. Its packages and the renderers' modules are the checkout's.
 * @param directory an existing one, for it alone
 * @returns its main module and the flags that it needs besides
 */
export async function unpack(
  release: string,
  directory: string,
): Promise<{ main: string; flags: string[] }> {
  await mkdir(directory, { recursive: true });
  const archive = join(root, `test/fixtures/releases/${release}.tgz`);
  await promisify(execFile)("tar", ["-xzf", archive, "-C", directory]);
  await symlink(join(root, "node_modules"), join(directory, "package/node_modules"));
  return {
    main: join(directory, "package/dist/main.js"),
    flags: ["--renderers", join(root, "renderers/build")],
  };
}
