/**
 * A process that renders as the controller does: the compiled form, its threads, a repository that
 * is fetched by Git. Asked by messages of the process that started it.
 */
import { cpus } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Answer, Ask, RenderAsked, Rendered, RendererSettings } from "./protocol.ts";

const compiled = new URL("../../../dist/", import.meta.url);
const load = (path: string) => import(new URL(path, compiled).href);
const { createRenderer } = (await load(
  "render/render.js",
)) as typeof import("../../../src/render/render.ts");
const { createSandbox } = (await load(
  "render/sandbox/sandbox.js",
)) as typeof import("../../../src/render/sandbox/sandbox.ts");
const { createModuleVersion } = (await load(
  "render/module-version.js",
)) as typeof import("../../../src/render/module-version.ts");
const { createNativeRemote } = (await load(
  "source/git/native.js",
)) as typeof import("../../../src/source/git/native.ts");
const { memoryRelease } = (await load(
  "reconcile/rest.js",
)) as typeof import("../../../src/reconcile/rest.ts");

const modules = fileURLToPath(new URL("../../../renderers/build", import.meta.url));
const capabilities = { kubeVersion: "v1.36.3", apiVersions: ["v1", "apps/v1"] };
/** Milliseconds between samples of the event loop. */
const resolution = 5;
const restDeadlineMs = 60_000;

const settings = JSON.parse(process.argv[2] ?? "") as RendererSettings;
const { url, commit, directory, workers, idleMs } = settings;
const remote = await createNativeRemote({ directory, path: process.env.PATH ?? "" });
const signal = new AbortController().signal;
const snapshot = await remote.open({ url, commit, revision: `main@sha1:${commit}`, signal });
// As the controller, which fetches what applications of a commit will read in one exchange.
await snapshot.read((await snapshot.list("")).map(({ blob }) => blob));
const sandbox = createSandbox({ directory: modules, workers, idleMs });
const renderer = createRenderer({
  workers,
  cacheBytes: 64 * 2 ** 20,
  deadlineMs: 60_000,
  sandbox: { runs: sandbox, versionOf: createModuleVersion(modules) },
});
const release = memoryRelease();

process.on("message", async (ask: Ask) => {
  process.send?.(await answer(ask));
});
process.once("disconnect", () => process.exit(0));
process.send?.({ rested: true } satisfies Answer);

async function answer(ask: Ask): Promise<Answer> {
  if (ask.op === "render") return { rendered: await render(ask.sources) };
  const deadline = performance.now() + restDeadlineMs;
  while (sandbox.load.busy + sandbox.load.idle > 0) {
    if (performance.now() > deadline) throw new Error("the renderers' threads do not go");
    await delay(50);
  }
  await release();
  return { rested: true };
}

async function render(sources: readonly RenderAsked[]): Promise<Rendered> {
  const loop = monitorEventLoopDelay({ resolution });
  loop.enable();
  const [cpu, idle, started] = [process.cpuUsage(), idleSeconds(), performance.now()];
  const outcomes = await Promise.all(sources.map(renderOne));
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  const idled = idleSeconds() - idle;
  loop.disable();
  return {
    outcomes,
    seconds,
    cpuSeconds: (used.user + used.system) / 1e6,
    idleSeconds: idled,
    // A sample is the time since the one before, of which the resolution is no delay.
    delayMs: Math.max(0, loop.percentile(99) / 1e6 - resolution),
  };
}

async function renderOne(asked: RenderAsked): Promise<Rendered["outcomes"][number]> {
  const started = performance.now();
  try {
    const { objects } = await renderer.render(snapshot, {
      ...asked,
      releaseName: "web",
      namespace: "default",
      capabilities,
      seed: Buffer.alloc(32, 7),
      scope: "bench",
    });
    return { seconds: (performance.now() - started) / 1000, objects: objects.length };
  } catch (error) {
    return { failed: (error as { code?: string }).code ?? String(error) };
  }
}

function idleSeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.idle / 1000, 0);
}
