/** Where the runbooks are read is one setting, of the kustomization and of the chart. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { officialRendererBinaries } from "../../../setup/control-plane.mjs";
import { kustomized, root, shippedRules } from "./promtool.ts";

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "mooring-runbooks-"));
});
afterAll(() => rm(place, { recursive: true }));

const urlsIn = (text: string) =>
  [...text.matchAll(/runbook_url"?: ?"?([^\s",]+)/g)].map(([, url]) => url);

/** As the shipped ones, but for where they are. */
async function moved(): Promise<string[]> {
  const urls = urlsIn(JSON.stringify(await shippedRules()));
  expect(urls).toHaveLength(10);
  return urls.map((url = "") => url.replace(/^.*\/runbooks\//, "https://wiki.example/m/runbooks/"));
}

test("in the kustomization", async () => {
  await cp(join(root, "deploy/monitoring"), place, { recursive: true });
  const file = join(place, "kustomization.yaml");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(/base=[^"]+/, "base=https://wiki.example/m"));
  const rules = (await kustomized(place)).filter(({ kind }) => kind === "PrometheusRule");
  expect(urlsIn(JSON.stringify(rules))).toEqual(await moved());
});

test("in the chart", async () => {
  const { helm } = officialRendererBinaries();
  const { stdout } = await promisify(execFile)(
    helm,
    [
      ...["template", "mooring", join(root, "deploy/chart"), "--set=monitoring.enabled=true"],
      "--set=monitoring.documentation=https://wiki.example/m/",
    ],
    { maxBuffer: 16 * 1024 * 1024 },
  );
  expect(urlsIn(stdout)).toEqual(await moved());
});
