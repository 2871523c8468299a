/** What people copy from the documentation: Applications, and calls of the command. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { verbs } from "../../../docs/generate/cli.ts";
import { parseApplication, unsupported } from "../../../src/dialect/mooring/application.ts";
import { annotations, finalizer } from "../../../src/model/application.ts";
import type { KubeObject } from "../../../src/model/object.ts";
import { allMarkdown, root } from "./markdown.ts";
import { mistakesIn, type Program } from "./shell.ts";

const blocks = allMarkdown().flatMap(({ path, blocks }) =>
  blocks.map((block) => ({ ...block, at: `${path}:${block.line}` })),
);
const all = await verbs();
const program: Program = new Map(
  all.map(({ name, command }) => [
    name.replace(/^mooring /, ""),
    new Set(command.options.flatMap(({ long, short }) => [long, short])),
  ]),
);

describe("blocks of YAML", () => {
  const yaml = blocks.filter(({ language }) => language === "yaml");
  const objects = yaml.flatMap(({ at, text }) =>
    parseAllDocuments(text).map((document) => ({ at, document })),
  );

  it("are YAML", () => {
    const broken = objects.filter(({ document }) => document.errors.length > 0);
    expect(broken.map(({ at, document }) => `${at}: ${document.errors[0]?.message}`)).toEqual([]);
  });

  it("hold Applications that are valid and supported", () => {
    const applications = objects
      .map(({ at, document }) => ({ at, object: document.toJS() as KubeObject | null }))
      .filter(({ object }) => object?.kind === "Application");
    expect(applications.length).toBeGreaterThan(2);
    for (const { at, object } of applications) {
      if (object?.apiVersion !== "mooring.dev/v1alpha1") continue;
      const parsed = parseApplication(object);
      expect(parsed, at).toMatchObject({ ok: true });
      expect(unsupported(parsed.application), at).toBeUndefined();
    }
  });
});

describe("blocks of shell", () => {
  const shell = blocks.filter(({ language }) => language === "sh");

  it("call the command by verbs and flags that there are", () => {
    expect(shell.length).toBeGreaterThan(10);
    const mistakes = shell.flatMap(({ at, text }) =>
      mistakesIn(text, program).map((mistake) => `${at}: ${mistake}`),
    );
    expect(mistakes).toEqual([]);
  });

  it("would tell of others", () => {
    const text =
      "A=1 mooring rendr x\nnpx mooring render x --nonsense=1 -z | kubectl mooring get\n";
    expect(mistakesIn(text, new Map([["render", new Set(["--as"])]]))).toEqual([
      "there is no verb rendr",
      "mooring render has no flag --nonsense",
      "mooring render has no flag -z",
      "there is no verb get",
    ]);
  });
});

it("every annotation that there is has its line in the reference", () => {
  const page = readFileSync(join(root, "docs/reference/annotations.md"), "utf8");
  const lines = page.split("\n").filter((line) => line.startsWith("|"));
  for (const name of [...Object.values(annotations), finalizer])
    expect(
      lines.filter((line) => line.split("|")[1]?.includes(`\`${name}`)),
      name,
    ).toHaveLength(1);
});
