/** bin/mooring.mjs in a package of its own, under this Node and as an older one would run it. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const bin = new URL("../../../bin", import.meta.url);

/** Makes this Node say that it is version 20. */
const pretendOld =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})";

let root: string;
let directory: string;
const children: ChildProcessWithoutNullStreams[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-launcher-"));
  root = join(directory, "mooring");
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(directory, { recursive: true, force: true });
});

async function provide(place: string, files: Record<string, string>): Promise<void> {
  root = join(directory, place);
  await cp(bin, join(root, "bin"), { recursive: true });
  await writeFile(join(root, "package.json"), '{ "type": "module" }');
  await mkdir(join(root, "node_modules/.bin"), { recursive: true });
  await symlink(process.execPath, join(root, "node_modules/.bin/node"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

function launch(old: boolean, ...args: string[]) {
  const launcher = join(root, "bin/mooring.mjs");
  const preload = old ? ["--import", pretendOld] : [];
  const child = spawn(process.execPath, [...preload, launcher, ...args]);
  children.push(child);
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  child.stderr.on("data", (data) => (output += data));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, output }));
  /** Resolves with the output once it holds the text. */
  const says = (text: string) =>
    new Promise<string>((resolve) => {
      const look = () => output.includes(text) && resolve(output);
      look();
      child.stdout.on("data", look);
    });
  return { child, ended, says };
}

const tells = "console.log(process.argv.slice(2).join(' '), process.pid); process.exitCode = 7;";
const waits = `
  process.once('SIGTERM', () => { console.log('drained'); process.exit(3); });
  setInterval(() => {}, 1000);
  console.log('pid ' + process.pid);
`;

describe.each([
  ["a Node that is new enough", false],
  ["an older Node", true],
])("under %s", (_name, old) => {
  test("arguments and exit code pass", async () => {
    await provide("mooring", { "src/main.ts": tells });
    const { child, ended } = launch(old, "controller", "--help");
    const { code, output } = await ended;
    expect(output).toContain("controller --help");
    expect(code).toBe(7);
    expect(output.includes(String(child.pid))).toBe(!old);
  });

  test("SIGTERM reaches the program, which drains", async () => {
    await provide("mooring", { "src/main.ts": waits });
    const { child, ended, says } = launch(old);
    await says("pid ");
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 3, output: expect.stringContaining("drained") });
  });

  test("installed, the compiled form runs", async () => {
    await provide("node_modules/mooring", {
      "src/main.ts": "console.log('source')",
      "dist/main.js": "console.log('compiled')",
    });
    expect(await launch(old).ended).toMatchObject({ code: 0, output: "compiled\n" });
  });

  test("with neither sources nor compiled form it says what to do", async () => {
    await provide("mooring", {});
    expect(await launch(old).ended).toMatchObject({
      code: 1,
      output: expect.stringContaining("npm run build"),
    });
  });
});

test("a launcher that is killed takes the program with it, by SIGTERM", async () => {
  await provide("mooring", { "src/main.ts": waits });
  const { child, ended, says } = launch(true);
  await says("pid ");
  child.kill("SIGKILL");
  // The program holds the pipe: it closes when the program has ended.
  expect((await ended).output).toContain("drained");
});

test("a program that dies by a signal is told as a shell tells it", async () => {
  await provide("mooring", { "src/main.ts": "process.kill(process.pid, 'SIGKILL')" });
  expect((await launch(true).ended).code).toBe(137);
});

test("without any Node that is new enough it says so", async () => {
  await provide("mooring", { "src/main.ts": tells });
  await rm(join(root, "node_modules"), { recursive: true });
  expect(await launch(true).ended).toMatchObject({
    code: 1,
    output: expect.stringContaining("Node 22.18 or newer is needed"),
  });
});
