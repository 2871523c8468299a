/** What the image that users run sets, so that what is measured runs alike. */
import { readFile } from "node:fs/promises";

const dockerfile = new URL("../../Dockerfile", import.meta.url);

/** Variables of its last stage. */
export async function imageEnvironment(): Promise<Record<string, string>> {
  const text = await readFile(dockerfile, "utf8");
  return variablesOf(text.slice(text.lastIndexOf("\nFROM ")));
}

/** Of `ENV NAME=value NAME=value` lines. */
export function variablesOf(stage: string): Record<string, string> {
  const lines = [...stage.matchAll(/^ENV (.+)$/gm)].map(([, line = ""]) => line);
  const assignments = lines.flatMap((line) => [...line.matchAll(/(\w+)=(\S*)/g)]);
  return Object.fromEntries(assignments.map(([, name = "", value = ""]) => [name, value]));
}
