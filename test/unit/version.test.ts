import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readVersion } from "../../src/cli/version.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where a release says which one it is; a line for each place. */
const places: readonly [path: string, line: RegExp][] = [
  ["package-lock.json", /^ {2}"version": "(.+)",$/m],
  ["deploy/base/deployment.yaml", /^ +image: mooring:(.+)$/m],
  ["deploy/chart/Chart.yaml", /^version: (.+)$/m],
  ["deploy/chart/Chart.yaml", /^appVersion: "?([^"\n]+)"?$/m],
  ["docs/how-to/install.md", /`mooring:(.+?)`/],
];

test.each(places)("%s has the version of package.json", async (path, line) => {
  const text = await readFile(`${root}${path}`, "utf8");
  expect(line.exec(text)?.[1]).toBe(readVersion());
});
