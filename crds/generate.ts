/** Writes what is generated of the model: CRD, manifests. `--check`: changes nothing, fails when a file is stale. */
import { readFile, writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import { generatedManifests } from "../deploy/generate.ts";
import { applicationCrd } from "../src/dialect/mooring/crd.ts";

const root = new URL("../", import.meta.url);
const check = process.argv.includes("--check");

async function put(path: string, wanted: string): Promise<void> {
  const file = new URL(path, root);
  if (!check) {
    await writeFile(file, wanted);
    console.log(`wrote ${path}`);
    return;
  }
  const found = await readFile(file, "utf8").catch(() => "");
  if (found !== wanted) {
    console.error(`${path} is stale: run \`npm run generate\` and commit the result.`);
    process.exitCode = 1;
  } else console.log(`${path} is up to date.`);
}

const crd = stringify(applicationCrd(), { lineWidth: 0 });
await put(
  "crds/mooring.dev_applications.yaml",
  `# Generated from src/model/application.ts by \`npm run generate\`.\n${crd}`,
);
// They have the CRD in them.
for (const { path, text } of await generatedManifests()) await put(path, text);
