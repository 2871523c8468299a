/** What `mooring render` prints is for kubectl: it must read the very objects that were rendered. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { controlPlaneBinaries } from "../../../setup/control-plane.mjs";
import { toYaml } from "../../../src/cli/render/output.ts";
import { parseExact } from "../../../src/model/exact-json.ts";
import type { KubeObject } from "../../../src/model/object.ts";
import { hostileTexts } from "../../fixtures/hostile-texts.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-output-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function byKubectl(text: string): Promise<string> {
  const file = join(directory, "objects.yaml");
  await writeFile(file, text);
  const { stdout } = await promisify(execFile)(
    controlPlaneBinaries().kubectl,
    ["patch", "--local", "-f", file, "-o", "json", "--type", "merge", "-p", "{}"],
    { env: { PATH: "/usr/bin:/bin", HOME: directory }, maxBuffer: 16 << 20 },
  );
  return stdout;
}

test("kubectl reads every text as it was rendered, as a value and as a key", async () => {
  const object: KubeObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "texts" },
    data: {
      ...Object.fromEntries(hostileTexts.map((text, i) => [`text-${i}`, text])),
      ...Object.fromEntries(hostileTexts.map((text, i) => [text, `key-${i}`])),
    },
  };
  const read = JSON.parse(await byKubectl(toYaml([{ object, origin: "a.yaml:1" }])));
  expect(read.data).toEqual(object.data);
});

test("kubectl reads 4,000 texts made of what YAML gives a meaning to", async () => {
  const piece = fc.constantFrom(...["a", "1", " ", "\t", "\n", ":", "#", "-", "'", '"', "\\"]);
  const more = fc.constantFrom("é", "\r", "\u0085", "\u0000", "---\n", ": ", " #", "{", "|", "&x ");
  const text = fc.array(fc.oneof(piece, more), { maxLength: 8 }).map((parts) => parts.join(""));
  const texts = fc.sample(text, { seed: 4, numRuns: 4_000 });
  const object: KubeObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "texts" },
    data: Object.fromEntries(texts.map((text, i) => [`text-${i}`, text])),
  };
  const read = JSON.parse(await byKubectl(toYaml([{ object, origin: "a.yaml:1" }])));
  expect(read.data).toEqual(object.data);
});

test("kubectl reads numbers and empty collections as they were rendered", async () => {
  const numbers = '{"i":9223372036854775807,"f":0.1,"e":1e+21,"z":-0.5,"m":{},"l":[],"n":[null]}';
  const object: KubeObject = {
    apiVersion: "example.com/v1",
    kind: "Numbers",
    metadata: { name: "numbers" },
    spec: parseExact(numbers),
  };
  const printed = await byKubectl(toYaml([{ object, origin: "a.yaml:1" }]));
  const { spec } = parseExact(printed) as { spec: object };
  expect(JSON.stringify(spec, Object.keys(spec).sort())).toBe(
    JSON.stringify(object.spec, Object.keys(spec).sort()),
  );
});
