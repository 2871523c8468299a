/** A directory of renderer modules that do what their request says, built once for each source. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, copyFile, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cacheDirectory } from "../../../../setup/control-plane.mjs";

const source = fileURLToPath(new URL("./misbehave", import.meta.url));

/** One thing that the module is to do; see misbehave/main.go. */
export interface Step {
  do: string;
  text?: string;
  origin?: string;
  count?: number;
}

/** Has misbehave as kustomize.wasm and as helm.wasm. */
export async function misbehavingModules(): Promise<string> {
  const digest = createHash("sha256");
  for (const name of ["go.mod", "main.go"]) digest.update(await readFile(join(source, name)));
  const directory = join(cacheDirectory(), `misbehave-${digest.digest("hex").slice(0, 16)}`);
  const built = await access(join(directory, "helm.wasm")).then(
    () => true,
    () => false,
  );
  if (!built) await build(directory);
  return directory;
}

async function build(directory: string): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const place = await mkdtemp(join(tmpdir(), "misbehave-"));
  try {
    const args = ["build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false"];
    const module = join(place, "kustomize.wasm");
    await promisify(execFile)("go", [...args, "-ldflags=-s -w", "-o", module, "."], {
      cwd: source,
      env: {
        ...process.env,
        PATH: [process.env.PATH ?? "", "/usr/local/go/bin"].join(delimiter),
        GOOS: "wasip1",
        GOARCH: "wasm",
        GOFLAGS: "",
        GOWORK: "off",
      },
    });
    await mkdir(directory, { recursive: true });
    for (const name of ["kustomize.wasm", "helm.wasm"]) {
      const copy = join(directory, `.${name}-${process.pid}`);
      await copyFile(module, copy);
      await rename(copy, join(directory, name));
    }
  } finally {
    await rm(place, { recursive: true });
  }
}
