/** Blocks of the runbooks can be copied as they stand. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { allMarkdown } from "./markdown.ts";

const pages = allMarkdown().filter(({ path }) => /^docs\/runbooks\/(?!README)/.test(path));
const blocks = pages.flatMap(({ path, blocks }) =>
  blocks
    .filter(({ language }) => language === "sh")
    .map(({ text, line }) => ({ at: `${path}:${line}`, text })),
);

/**
 * Variables that a script reads and does not set. One with a default, or with a message for when it
 * is not set, needs none; HOME is there in any shell, and what is secret stands in no script.
 */
function unset(script: string): string[] {
  const read = [...script.matchAll(/\$(?:\{(?=[A-Z_]+\}))?([A-Z][A-Z_]*)/g)].map(
    ([, name = ""]) => name,
  );
  const set = [...script.matchAll(/(?:^|[\s;])([A-Z][A-Z_]*)=/gm)].map(([, name = ""]) => name);
  return [...new Set(read)].filter(
    (name) => !set.includes(name) && !/^HOME$|PASSWORD|TOKEN/.test(name),
  );
}

describe("the runbooks", () => {
  it("are there, one for each thing that comes up", () => {
    expect(pages.length).toBeGreaterThanOrEqual(16);
    expect(blocks.length).toBeGreaterThan(40);
  });

  it("set every variable in the block that reads it", () => {
    const wrong = blocks.flatMap(({ at, text }) => unset(text).map((name) => `${at}: ${name}`));
    expect(wrong).toEqual([]);
    expect(unset(`A=1 B=\${C:-2}\necho "$A $B $D \${E} \${F:?is missing}"`)).toEqual(["D", "E"]);
  });

  it("are shell", () => {
    for (const { at, text } of blocks) {
      const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
      expect(status, `${at}: ${stderr}`).toBe(0);
    }
  });

  it("ask nothing, and go on watching nothing: whoever runs them gets an end", () => {
    const endless = /\s(-w|--watch|-f|--follow)(\s(?!-)[^/\s]*$|\s*$)|\bread -p|\bkubectl edit\b/m;
    const wrong = blocks.filter(({ text }) => endless.test(text)).map(({ at }) => at);
    expect(wrong).toEqual([]);
  });
});
