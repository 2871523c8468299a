import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRenderer, type RenderCost } from "../../../src/render/render.ts";
import { from } from "./from.ts";
import { MemorySnapshot } from "./memory-snapshot.ts";
import { configMap, type Script, ScriptedSandbox } from "./scripted-sandbox.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-renders-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const entries = () => join(directory, "renders");
const names = () => readdir(entries());
const chart = { "x/Chart.yaml": "name: x" };
const reading: Script = async (files, { request }) => [
  configMap("a", `${await files.read("x/Chart.yaml")} ${JSON.stringify(request).length}`),
];

/** One life of the controller: renders, then ends. */
async function live(
  o: {
    script?: Script;
    files?: Record<string, string>;
    sources?: Parameters<typeof from>[1][];
    bytes?: number;
  } = {},
) {
  const faults: string[] = [];
  const costs: RenderCost[] = [];
  const sandbox = new ScriptedSandbox(o.script ?? reading);
  const renderer = createRenderer({
    workers: 0,
    cacheBytes: 1 << 20,
    deadlineMs: 5000,
    sandbox: { runs: sandbox, versionOf: async () => "1" },
    disk: {
      directory,
      bytes: o.bytes ?? 1 << 20,
      onFault: (what, cause) => void faults.push(`${what}: ${cause}`),
    },
    observe: (cost) => void costs.push(cost),
  });
  const snapshot = new MemorySnapshot(o.files ?? chart);
  try {
    const sets = [];
    for (const more of o.sources ?? [{}])
      sets.push(await renderer.render(snapshot, from("x", more)));
    return {
      sets,
      faults,
      runs: sandbox.runs.length,
      work: costs.map(({ work }) => work),
      snapshot,
    };
  } finally {
    await renderer.close();
  }
}

describe("after a restart", () => {
  test("what was rendered is there: the same objects, no run, no file read", async () => {
    const before = await live();
    const after = await live();
    expect(after.work).toEqual(["cached"]);
    expect(after.runs).toBe(0);
    expect(after.snapshot.reads).toEqual([]);
    expect(after.sets).toEqual(before.sets);
    expect(after.faults).toEqual([]);
  });

  test("integers and origins are as they were", async () => {
    const json =
      '{"apiVersion":"v1","kind":"X","metadata":{"name":"\\u2028é"},"i":9007199254740993}';
    const script = (sandbox: ScriptedSandbox) => {
      sandbox.run = async () => ({
        objects: [{ json, origin: 'x/templates/"odd"\nname.yaml' }],
        dependsOn: { random: false, clock: false },
      });
    };
    const render = async () => {
      const sandbox = new ScriptedSandbox(reading);
      script(sandbox);
      const renderer = createRenderer({
        workers: 0,
        cacheBytes: 1 << 20,
        deadlineMs: 5000,
        sandbox: { runs: sandbox, versionOf: async () => "1" },
        disk: { directory, bytes: 1 << 20, onFault: () => {} },
      });
      const set = await renderer.render(new MemorySnapshot(chart), from("x"));
      await renderer.close();
      return JSON.stringify(set);
    };
    expect(await render()).toBe(await render());
    expect(await render()).toContain("9007199254740993");
  });

  test("a changed file is rendered anew", async () => {
    await live();
    expect((await live({ files: { "x/Chart.yaml": "name: y" } })).work).toEqual(["rendered"]);
  });

  test("another seed renders what depends on random numbers anew, the same one does not", async () => {
    const script: Script = async (files, { seed }) => {
      files.dependsOn.random = true;
      return [configMap("a", Buffer.from(seed).toString("hex"))];
    };
    await live({ script });
    expect((await live({ script })).runs).toBe(0);
    const seed = Buffer.from("another");
    expect((await live({ script, sources: [{ seed }] })).runs).toBe(1);
  });
});

describe("on disk", () => {
  test("files are for their user alone", async () => {
    await mkdir(entries(), { mode: 0o777 });
    await chmod(entries(), 0o777);
    await live();
    expect((await stat(entries())).mode & 0o777).toBe(0o700);
    const [name = ""] = await names();
    expect((await stat(join(entries(), name))).mode & 0o777).toBe(0o600);
  });

  test("there is never a render with a Secret, nor an application's seed", async () => {
    const seed = Buffer.from("SENTINEL-seed");
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      data: { a: "U0VOVElORUw=" },
    };
    const script: Script = async (files) => {
      files.dependsOn.random = true;
      return [configMap("a", "b")];
    };
    const values = { password: "SENTINEL" };
    await live({ script: async () => [configMap("a", "b"), secret], sources: [{ seed }] });
    expect(await names()).toEqual([]);
    await live({ script, sources: [{ seed, helm: { values } }] });
    const [name = ""] = await names();
    const content = await readFile(join(entries(), name), "utf8");
    for (const found of [name, content]) {
      expect(found).not.toContain("SENTINEL");
      expect(found).not.toContain(seed.toString("hex"));
      expect(found).not.toContain(seed.toString("base64").replace(/=+$/, ""));
    }
  });

  test("entries take no more than allowed; those used last stay", async () => {
    const script: Script = async () => [configMap("a", "x".repeat(1000))];
    const sources = Array.from({ length: 20 }, (_, i) => ({ releaseName: `r${i}` }));
    const { faults } = await live({ script, sources, bytes: 10_000 });
    const sizes = await Promise.all(
      (await names()).map(async (name) => (await stat(join(entries(), name))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(10_000);
    expect(sizes.length).toBeGreaterThan(3);
    const again = await live({ script, sources: sources.slice(-3), bytes: 10_000 });
    expect([again.runs, faults]).toEqual([0, []]);
    await live({ script, sources: [], bytes: 3000 });
    expect((await names()).length).toBeLessThan(3);
  });

  test("of one application's many revisions the last few stay", async () => {
    for (let i = 0; i < 8; i++) await live({ files: { "x/Chart.yaml": `${i}` } });
    expect((await names()).length).toBeLessThanOrEqual(4);
    expect((await live({ files: { "x/Chart.yaml": "7" } })).runs).toBe(0);
  });
});

describe("a fault of the disk is a miss", () => {
  test.each<[string, (path: string) => Promise<void>]>([
    ["cut off", async (path) => writeFile(path, (await readFile(path)).subarray(0, -10))],
    ["changed at its end", async (path) => writeFile(path, flipped(await readFile(path), -5))],
    ["changed in its header", async (path) => writeFile(path, flipped(await readFile(path), 20))],
    ["changed in its length", async (path) => writeFile(path, flipped(await readFile(path), 3))],
    ["longer", async (path) => writeFile(path, `${await readFile(path, "utf8")}x`)],
    ["empty", (path) => writeFile(path, "")],
    ["a directory", (path) => rm(path).then(() => mkdir(path).then(() => {}))],
    ["gone", (path) => rm(path)],
  ])("an entry that is %s is rendered anew, told of, and replaced", async (_, damage) => {
    const before = await live();
    const [name = ""] = await names();
    // Between the start, which looks which entries there are, and the render.
    const faults: string[] = [];
    const sandbox = new ScriptedSandbox(reading);
    const renderer = createRenderer({
      workers: 0,
      cacheBytes: 1 << 20,
      deadlineMs: 5000,
      sandbox: { runs: sandbox, versionOf: async () => "1" },
      disk: { directory, bytes: 1 << 20, onFault: (what) => void faults.push(what) },
    });
    await renderer.render(new MemorySnapshot({ "y/Chart.yaml": "" }), from("y"));
    await damage(join(entries(), name));
    const set = await renderer.render(new MemorySnapshot(chart), from("x"));
    await renderer.close();
    expect(set).toEqual(before.sets[0]);
    expect(faults).toEqual(["an entry of the render cache cannot be read and is deleted"]);
    expect((await live()).runs).toBe(0);
  });

  test("an entry under another's name is not taken for it", async () => {
    await live({ sources: [{ releaseName: "one" }] });
    const [one = ""] = await names();
    await live({ sources: [{ releaseName: "two" }] });
    const two = (await names()).find((name) => name !== one) ?? "";
    await writeFile(join(entries(), two), await readFile(join(entries(), one)));
    const { runs, faults } = await live({ sources: [{ releaseName: "two" }] });
    expect([runs, faults.length]).toEqual([1, 1]);
  });

  test("what a killed process left behind is cleared away, and nothing else", async () => {
    await mkdir(entries(), { mode: 0o700 });
    await writeFile(join(entries(), "writing-1"), "half");
    await writeFile(join(entries(), "somebody's notes"), "whole");
    expect((await live()).faults).toEqual([]);
    expect(await names()).not.toContain("writing-1");
    expect(await names()).toContain("somebody's notes");
  });

  test("where nothing can be written, everything renders, and it is told once", async () => {
    const faults: string[] = [];
    const renderer = createRenderer({
      workers: 0,
      cacheBytes: 0,
      deadlineMs: 5000,
      sandbox: { runs: new ScriptedSandbox(reading), versionOf: async () => "1" },
      disk: { directory, bytes: 1 << 20, onFault: (what) => void faults.push(what) },
    });
    const render = (releaseName: string) =>
      renderer.render(new MemorySnapshot(chart), from("x", { releaseName }));
    await render("first");
    await rm(directory, { recursive: true });
    for (const name of ["a", "b", "c"]) expect((await render(name)).objects).toHaveLength(1);
    await renderer.close();
    expect(faults).toEqual(["a render cannot be kept on disk"]);
  });

  test.each<[string, () => Promise<void>]>([
    ["a file", () => writeFile(entries(), "a file")],
    ["a link to elsewhere", () => symlink(tmpdir(), entries())],
  ])("%s in place of its directory is not used", async (_, place) => {
    await place();
    const { runs, faults } = await live();
    expect([runs, faults.length]).toEqual([1, 1]);
    expect(faults[0]).toContain("the render cache on disk cannot be used");
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}
