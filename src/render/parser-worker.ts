/** Thread of parser-pool.ts: bytes in, manifests out. */
import { parentPort, workerData } from "node:worker_threads";
import type { RenderLimits } from "./limits.ts";
import { createManifestReader, type ManifestOutcome } from "./manifest.ts";

export interface ParserData {
  limits: RenderLimits;
}
export type ParserRequest = readonly Uint8Array[];
export type ParserAnswer = readonly ManifestOutcome[];

const read = createManifestReader((workerData as ParserData).limits);

parentPort?.on("message", (files: ParserRequest) => {
  parentPort?.postMessage(files.map(read) satisfies ParserAnswer);
});
