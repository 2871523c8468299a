/** What the image that users run sets, so that what is measured runs alike. */
import { readFile } from "node:fs/promises";

const dockerfile = new URL("../../Dockerfile", import.meta.url);

export interface Image {
  readonly env: Readonly<Record<string, string>>;
  /** Of Node itself. */
  readonly nodeFlags: readonly string[];
}

/** Of its last stage. */
export async function readImage(): Promise<Image> {
  const text = await readFile(dockerfile, "utf8");
  return imageOf(text.slice(text.lastIndexOf("\nFROM ")));
}

/** @throws Error when the entry point is not `["node", ...flags, file]` */
export function imageOf(stage: string): Image {
  const command: unknown = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(stage)?.[1] ?? "null");
  if (!Array.isArray(command) || command[0] !== "node")
    throw new Error("the Dockerfile's ENTRYPOINT runs no node");
  return { env: variablesOf(stage), nodeFlags: command.slice(1, -1) };
}

/** Of `ENV NAME=value NAME=value` lines. */
function variablesOf(stage: string): Record<string, string> {
  const lines = [...stage.matchAll(/^ENV (.+)$/gm)].map(([, line = ""]) => line);
  const assignments = lines.flatMap((line) => [...line.matchAll(/(\w+)=(\S*)/g)]);
  return Object.fromEntries(assignments.map(([, name = "", value = ""]) => [name, value]));
}
