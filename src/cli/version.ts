import { readFileSync } from "node:fs";

/** The version of this program, from its package.json: two folders up from src/cli and dist/cli alike. */
export function readVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return String((JSON.parse(manifest) as { version: unknown }).version);
}
