// Compiles the sources to dist/, which is what an installed Mooring runs.
import { join } from "node:path";
import { run } from "./child.mjs";

/**
 * @param to another directory than dist/
 * @throws Error when the sources have faults; the compiler's messages are above
 */
export async function compile(root, { signal, to }) {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const place = to === undefined ? [] : ["--outDir", to];
  const code = await run(process.execPath, [compiler, "-p", "tsconfig.build.json", ...place], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    signal,
  });
  if (code !== 0) throw new Error("the sources do not compile; the compiler's messages are above");
}
