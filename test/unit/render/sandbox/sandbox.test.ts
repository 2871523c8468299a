import { describe, expect, test } from "vitest";
import { Problem } from "../../../../src/model/problem.ts";
import { MemoryFiles } from "./files.ts";
import { type Bench, misbehavingSandbox, said } from "./fixture.ts";

const { run, costs, sandbox }: Bench = await misbehavingSandbox();
/** As every run finds the module: it has seen nothing but the one run that makes it ready. */
const untouched = { renders: "2" };
const configMap = (name: string, rest = {}) =>
  JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, ...rest });

describe("objects", () => {
  test("come back normalised, in order, with their origin", async () => {
    const { objects } = await run([
      { do: "object", text: configMap("b", { status: {} }), origin: "b.yaml" },
      { do: "object", text: configMap("a"), origin: "a.yaml" },
    ]);
    expect(objects).toEqual([
      { json: configMap("b"), origin: "b.yaml" },
      { json: configMap("a"), origin: "a.yaml" },
    ]);
  });

  test("of a List are flattened, and null is none", async () => {
    const list = `{"apiVersion":"v1","kind":"List","items":[${configMap("a")},${configMap("b")}]}`;
    const { objects } = await run([
      { do: "object", text: list, origin: "list.yaml" },
      { do: "object", text: "null", origin: "empty.yaml" },
    ]);
    expect(objects.map(({ json }) => json)).toEqual([configMap("a"), configMap("b")]);
  });

  test("keep integers of 64 bits", async () => {
    const text = `{"apiVersion":"v1","kind":"X","metadata":{"name":"x"},"n":9223372036854775807}`;
    const { objects } = await run([{ do: "object", text, origin: "x.yaml" }]);
    expect(objects[0]?.json).toBe(text);
  });

  test("keep text that is not ASCII, in large numbers", async () => {
    const { objects } = await run([
      { do: "objects", count: 5_000, text: "ü€😀", origin: "ü.yaml" },
    ]);
    expect(objects).toHaveLength(5_000);
    expect(said({ objects, dependsOn: { random: false, clock: false } }).o4999).toBe("ü€😀");
    expect(objects.every(({ origin }) => origin === "ü.yaml")).toBe(true);
  });

  test("that Kubernetes cannot take are refused with their origin", async () => {
    const nameless = run([
      { do: "object", text: '{"apiVersion":"v1","kind":"Pod"}', origin: "p.yaml" },
    ]);
    await expect(nameless).rejects.toMatchObject({ code: "InvalidManifest" });
    await expect(nameless).rejects.toThrow("p.yaml: Pod has no metadata.name");
  });
});

describe("files", () => {
  const content = { "app/a.yaml": "eins", "app/sub/b.yaml": "zwei" };

  test("are asked for one by one, and told apart from directories", async () => {
    const files = new MemoryFiles(content);
    const answer = await run(
      [
        { do: "stat", text: "app" },
        { do: "read", text: "app/a.yaml" },
        { do: "list", text: "app" },
      ],
      { files },
    );
    expect(said(answer)).toEqual({ stat: "2", read: "eins", list: "a.yaml|sub/" });
    expect(files.asked).toEqual(["stat app", "read app/a.yaml", "list app"]);
    const other = async (step: string, text: string) =>
      said(await run([{ do: step, text }], { files }))[step];
    expect(await other("read", "app/sub")).toBe("-2");
    expect(await other("list", "app/a.yaml")).toBe("-2");
    expect(await other("read", "app/none")).toBe("-1");
    expect(await other("list", "none")).toBe("-1");
    expect(await other("stat", "none")).toBe("0");
  });

  test("that were sent along cost no question, and their use is told", async () => {
    const files = new MemoryFiles(content, {
      expected: [
        ["app/a.yaml", { file: Buffer.from("eins") }],
        ["app", { directory: ["a.yaml", "sub/"] }],
        ["app/Chart.yaml", { missing: true }],
        ["app/unused", { file: Buffer.from("x") }],
      ],
    });
    const answer = await run(
      [
        { do: "stat", text: "app/Chart.yaml" },
        { do: "read", text: "app/a.yaml" },
        { do: "list", text: "app" },
      ],
      { files },
    );
    expect(said(answer)).toEqual({ stat: "0", read: "eins", list: "a.yaml|sub/" });
    expect(files.asked).toEqual([]);
    expect(files.taken).toEqual(["read app/a.yaml", "list app", "stat app/Chart.yaml"]);
  });

  test("that were used are told also of a run that fails", async () => {
    const files = new MemoryFiles({}, { expected: [["a", { missing: true }]] });
    const failing = run(
      [
        { do: "read", text: "a" },
        { do: "panic", text: "no" },
      ],
      { files },
    );
    await expect(failing).rejects.toThrow(Problem);
    expect(files.taken).toEqual(["read a"]);
  });

  test.each([
    ["/etc/passwd", "is absolute"],
    ["app/../../etc/passwd", "leads out of"],
    ["..", "leads out of"],
    ["app/\0", "has a NUL"],
    ["too-long", "is too long"],
  ])("outside the repository (%j) end the run", async (path, why) => {
    const text = path === "too-long" ? "a/".repeat(3_000) : path;
    const files = new MemoryFiles(content);
    for (const step of ["read", "stat", "list"]) {
      const outside = run([{ do: step, text }], { files });
      await expect(outside).rejects.toMatchObject({ code: "InvalidManifest" });
      await expect(outside).rejects.toThrow(why);
    }
    expect(files.asked).toEqual([]);
  });

  test("that must not be followed end the run with their own Problem", async () => {
    const problem = new Problem("InvalidManifest", "app/link leads out of the repository");
    const before = () => Promise.reject(problem);
    const refused = run([{ do: "read", text: "app/link" }], {
      files: new MemoryFiles({}, { before }),
    });
    await expect(refused).rejects.toBe(problem);
    expect(said(await run([{ do: "renders" }]))).toEqual(untouched);
  });
});

describe("what a renderer says is wrong", () => {
  test("is a Problem that names the file", async () => {
    const failed = run([
      { do: "fail", origin: "Unsupported", text: "helmCharts is not supported" },
    ]);
    await expect(failed).rejects.toMatchObject({ code: "Unsupported" });
    await expect(failed).rejects.toThrow("some/file.yaml: helmCharts is not supported.");
  });

  test("has nothing in it that a terminal takes for a command, nor has an origin", async () => {
    const failed = run([{ do: "fail", text: "a\u001b]0;b\u0007\u009b2J\nc" }]);
    await expect(failed).rejects.toThrow("a\ufffd]0;b\ufffd\ufffd2J\nc");
    const origin = `charts/x.tgz/a\n---\n\u001b[2J${"y".repeat(100_000)}`;
    const { objects } = await run([{ do: "object", text: configMap("a"), origin }]);
    expect(objects[0]?.origin).toMatch(/^charts\/x.tgz\/a\ufffd---\ufffd\ufffd\[2Jy{900,1024}$/);
  });

  test("cannot have a code of which it knows nothing", async () => {
    const failed = run([{ do: "fail", origin: "Forbidden", text: "x".repeat(100_000) }]);
    await expect(failed).rejects.toMatchObject({ code: "InvalidManifest" });
    const message = await failed.catch((error: Error) => error.message);
    expect((message as string).length).toBeLessThan(3_000);
  });
});

describe("a module that dies", () => {
  test.each([
    [{ do: "panic", text: "SECRET" }, "crashed"],
    [{ do: "exit", count: 3 }, "crashed"],
    [{ do: "deadlock" }, "crashed"],
    [{ do: "outside" }, "crashed"],
    [{ do: "stack" }, "too deeply"],
  ])("by %j costs its own run alone", async (step, why) => {
    const dead = run([step]);
    await expect(dead).rejects.toThrow(why);
    const { message, detail = "" } = (await dead.catch((error) => error)) as Problem;
    expect(message).not.toContain("goroutine");
    expect(message).not.toContain("SECRET");
    expect(detail.length).toBeLessThan(400);
    expect(said(await run([{ do: "renders" }]))).toEqual(untouched);
  });

  test("says nothing on our own standard error", async () => {
    const answer = await run([{ do: "stderr", text: "y".repeat(1_000), count: 1_000 }]);
    expect(answer.objects).toEqual([]);
  });
});

describe("nothing is there", () => {
  test("of the machine: no file, no argument but one, no environment but the collector's", async () => {
    process.env.CANARY = "canary";
    const { environment } = said(await run([{ do: "environment" }]));
    delete process.env.CANARY;
    expect(environment).toMatch(
      /^\[renderer\] \[GOGC=\d+ GOMEMLIMIT=\d+KiB GODEBUG=gctrace=1\] open/,
    );
    expect(environment).toContain("Bad file number");
  });
});

test("a module that is missing is a Problem", async () => {
  const { run } = await misbehavingSandbox({ directory: "/nowhere" });
  await expect(run([])).rejects.toMatchObject({ code: "RendererFailed" });
});

test("an aborted run ends with the reason, waiting or running", async () => {
  const [running, waiting] = [new AbortController(), new AbortController()];
  const loop = run([{ do: "loop" }], { signal: running.signal });
  const queued = run([{ do: "renders" }], { signal: waiting.signal });
  waiting.abort(new Error("not wanted"));
  await expect(queued).rejects.toThrow("not wanted");
  running.abort(new Error("enough"));
  await expect(loop).rejects.toThrow("enough");
  expect(said(await run([{ do: "renders" }]))).toEqual(untouched);
});

test("each run is observed", async () => {
  costs.length = 0;
  await run([{ do: "object", text: configMap("a"), origin: "a" }]);
  await run([{ do: "panic" }]).catch(() => {});
  expect(costs).toMatchObject([
    { renderer: "kustomize", result: "ok", bytes: configMap("a").length, repeated: false },
    { renderer: "kustomize", result: "InvalidManifest" },
  ]);
  expect(costs.every(({ seconds, waited }) => seconds >= waited && waited >= 0)).toBe(true);
});

test("a closed sandbox refuses, and ends what runs", async () => {
  const own = await misbehavingSandbox();
  const loop = own.run([{ do: "loop" }]);
  const settled = Promise.allSettled([loop]);
  await own.sandbox.close();
  expect((await settled)[0]?.status).toBe("rejected");
  await expect(own.run([])).rejects.toThrow("closed");
  expect(sandbox.load.idle).toBe(1);
});
