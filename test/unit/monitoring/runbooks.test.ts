/** Whoever is paged finds what to do: alerts, their runbooks, and the index that leads to them. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readMarkdown, root } from "../docs/markdown.ts";

interface Rule {
  alert?: string;
  annotations?: { runbook_url?: string };
}

const read = (path: string) => readFileSync(join(root, path), "utf8");
const { spec } = parse(read("deploy/monitoring/prometheusrule.yaml")) as {
  spec: { groups: { rules: Rule[] }[] };
};
const alerts = spec.groups
  .flatMap(({ rules }) => rules)
  .flatMap(({ alert, annotations }) =>
    alert === undefined ? [] : [{ alert, url: annotations?.runbook_url ?? "" }],
  );
const { configMapGenerator } = parse(read("deploy/monitoring/kustomization.yaml")) as {
  configMapGenerator: { name: string; literals?: string[] }[];
};
const base = configMapGenerator
  .find(({ name }) => name === "mooring-runbooks")
  ?.literals?.[0]?.replace("base=", "");
const index = readMarkdown("docs/runbooks/README.md", read("docs/runbooks/README.md"));

test("there are the ten alerts that are promised", () => {
  expect(alerts.map(({ alert }) => alert).sort()).toEqual(
    [
      ...["ApplicationOutOfSync", "SyncFailed", "HealthDegraded", "Drift", "ReconcileStale"],
      ...["SourceFailing", "PruneHeld", "SecretNotRotated", "SecurityRefusal", "ControllerDown"],
    ]
      .map((name) => `Mooring${name}`)
      .sort(),
  );
});

describe.each(alerts)("$alert", ({ alert, url }) => {
  const slug = alert
    .replace("Mooring", "")
    .replace(/(?<!^)([A-Z])/g, "-$1")
    .toLowerCase();
  const path = `docs/runbooks/${slug}.md`;
  const page = existsSync(join(root, path)) ? readMarkdown(path, read(path)) : undefined;
  const shell = page?.blocks.filter(({ language }) => language === "sh") ?? [];

  test("has a runbook, where runbook_url says, and the index leads to it", () => {
    expect(url).toBe(`${base}/runbooks/${slug}.md`);
    expect(page, path).toBeDefined();
    expect(index.links.map(({ target }) => target)).toContain(`${slug}.md`);
  });

  test("has a runbook in the one style, that begins with the alert's name", () => {
    const headings = read(path).match(/^#+ .*$/gm);
    expect(headings).toEqual([
      `# ${alert}`,
      "## What it means",
      "## Impact",
      "## Look",
      "## Mend",
      "## If that does not help",
      "## Silence",
    ]);
  });

  test("has commands to copy, which a shell can read and which set what they use", () => {
    expect(shell.length).toBeGreaterThan(2);
    for (const { text, line } of shell) {
      const at = `${path}:${line}`;
      const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
      expect(status, `${at} ${stderr}`).toBe(0);
      // What is asked of the person, and what every shell has.
      const given = new Set(["NEW_PASSWORD", "TMPDIR"]);
      const unquoted = text.replace(/'[^']*'/g, "''");
      const set = new Set([...unquoted.matchAll(/(?:^|\s)([A-Z_]+)=/gm)].map(([, name]) => name));
      for (const [, name = ""] of unquoted.matchAll(/\$\{?([A-Z_]+)(?!\w*:-)/g))
        expect(
          set.has(name) || given.has(name) || text.includes(`\${${name}:-`),
          `${at} $${name}`,
        ).toBe(true);
    }
  });
});
