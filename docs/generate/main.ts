/**
 * Writes the pages of docs/reference that are generated. `--check`: changes nothing, fails when one is stale.
 */
import { readFile, writeFile } from "node:fs/promises";
import { applicationPage } from "./application.ts";
import { cliPage } from "./cli.ts";
import { controllerPage } from "./controller.ts";
import { metricsPage } from "./metrics.ts";
import { problemsPage } from "./problems.ts";

const root = new URL("../../", import.meta.url);
const check = process.argv.includes("--check");

for (const { path, text } of [
  applicationPage(),
  await cliPage(),
  controllerPage(),
  metricsPage(),
  problemsPage(),
]) {
  const file = new URL(path, root);
  const found = await readFile(file, "utf8").catch(() => "");
  if (found === text) {
    console.log(`${path} is up to date.`);
  } else if (check) {
    console.error(`${path} is stale: run \`npm run generate\` and commit the result.`);
    process.exitCode = 1;
  } else {
    await writeFile(file, text);
    console.log(`wrote ${path}`);
  }
}
