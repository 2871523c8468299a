/** Writes the CRD from the model. `--check`: changes nothing, fails when the file is stale. */
import { readFile, writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import { applicationCrd } from "../src/dialect/mooring/crd.ts";

const file = new URL("./mooring.dev_applications.yaml", import.meta.url);
const wanted = `# Generated from src/model/application.ts by \`npm run generate\`.\n${stringify(applicationCrd(), { lineWidth: 0 })}`;

if (process.argv.includes("--check")) {
  const found = await readFile(file, "utf8").catch(() => "");
  if (found !== wanted) {
    console.error(
      "crds/mooring.dev_applications.yaml is stale: run `npm run generate` and commit the result.",
    );
    process.exitCode = 1;
  } else console.log("crds/mooring.dev_applications.yaml is up to date.");
} else {
  await writeFile(file, wanted);
  console.log("wrote crds/mooring.dev_applications.yaml");
}
