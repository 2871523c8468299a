/** A renderer's thread: requests in, objects out, one at a time. Nothing is open to it but its ports. */
import { parentPort, workerData } from "node:worker_threads";
import { packObjects } from "./answer.ts";
import { RunEnded, remoteFiles } from "./file-channel.ts";
import { loadModule } from "./load-module.ts";
import type { RunMessage, RunReply, ThreadData } from "./messages.ts";
import { Renderer } from "./renderer.ts";
import { startClock } from "./thread-clock.ts";

const { directory, limits, port, bell, clock } = workerData as ThreadData;
const now = () => process.hrtime.bigint();
const renderers = new Map<string, Renderer>();

parentPort?.on("message", (message: RunMessage) => {
  const reply = run(message);
  const transfer = reply.ok ? [reply.objects.text.buffer, reply.objects.ends.buffer] : [];
  parentPort?.postMessage(reply, transfer);
});

function run(message: RunMessage): RunReply {
  const { renderer: name, request, time, seed, fresh } = message;
  const known = renderers.get(name);
  let renderer: Renderer;
  try {
    renderer = known ?? new Renderer(name, loadModule(directory, name, limits), limits);
    renderers.set(name, renderer);
  } catch (error) {
    return { ok: false, unusable: error instanceof Error ? error.message : String(error) };
  }
  const files = remoteFiles({ ...message, port, bell, clock, now });
  try {
    startClock(clock, now());
    const inputs = { request, clock: new Date(time), seed, fresh, files };
    const outcome = renderer.run(inputs);
    if (!outcome.ok) return outcome;
    return { ...outcome, objects: packObjects(outcome.objects), cold: known === undefined };
  } catch (error) {
    if (error instanceof RunEnded) return { ok: false, ended: true };
    throw error;
  }
}
