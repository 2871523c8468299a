/** The worker's side of jq.ts. */
import { parentPort } from "node:worker_threads";
import jq from "jq-wasm";
import type { JqAnswer } from "./jq.ts";

interface Question {
  expression: string;
  object: string;
}

parentPort?.on("message", async (question: Question) => {
  parentPort?.postMessage(await answer(question));
});

async function answer({ expression, object }: Question): Promise<JqAnswer> {
  try {
    const output = await jq.raw(object, `[path(${expression})]`, ["-c"]);
    return { paths: JSON.parse(output) as (string | number)[][] };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
