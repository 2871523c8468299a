/** A renderer's thread: requests in, objects out, one at a time. Nothing is open to it but its ports. */
import { parentPort, workerData } from "node:worker_threads";
import { packObjects } from "./answer.ts";
import { RunEnded, remoteFiles } from "./file-channel.ts";
import { loadModule } from "./load-module.ts";
import type { RunMessage, RunReply, RunResult, ThreadData } from "./messages.ts";
import { prepare, Renderer } from "./renderer.ts";
import { markFull, putInto, takeFrom } from "./shelf.ts";
import { startClock } from "./thread-clock.ts";

const { directory, limits, port, bell, clock } = workerData as ThreadData;
const now = () => process.hrtime.bigint();
const renderers = new Map<string, Renderer>();

parentPort?.on("message", (message: RunMessage) => {
  const result = run(message);
  const renderer = renderers.get(message.renderer);
  const grown = renderer?.isTooGrown ?? false;
  const transfer = result.ok ? [result.objects.text.buffer, result.objects.ends.buffer] : [];
  parentPort?.postMessage({ ...result, grown } satisfies RunReply, transfer);
  renderer?.tidy();
});

function run(message: RunMessage): RunResult {
  const { request, time, seed, fresh } = message;
  let renderer: Renderer;
  let cold: boolean;
  try {
    ({ renderer, cold } = rendererOf(message));
  } catch (error) {
    return { ok: false, unusable: error instanceof Error ? error.message : String(error) };
  }
  const files = remoteFiles({ ...message, port, bell, clock, now });
  try {
    startClock(clock, now());
    const inputs = { request, clock: new Date(time), seed, fresh, files };
    const outcome = renderer.run(inputs);
    return outcome.ok ? { ...outcome, objects: packObjects(outcome.objects), cold } : outcome;
  } catch (error) {
    if (error instanceof RunEnded) return { ok: false, ended: true };
    throw error;
  }
}

/** `cold`: it had to be loaded and made ready first. */
function rendererOf({ renderer: name, shelf }: RunMessage): { renderer: Renderer; cold: boolean } {
  const known = renderers.get(name);
  if (known !== undefined) return { renderer: known, cold: false };
  try {
    const found = takeFrom(shelf);
    const made =
      found === undefined
        ? prepare(name, loadModule(directory, name, limits), limits)
        : { prepared: found, instance: undefined };
    putInto(shelf, made.prepared);
    const renderer = new Renderer(name, made.prepared, limits, made.instance);
    renderers.set(name, renderer);
    return { renderer, cold: found === undefined };
  } finally {
    markFull(shelf);
  }
}
