import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseApplication, unsupported } from "../../src/dialect/mooring/application.ts";
import type { KubeObject } from "../../src/model/object.ts";
import { metricCatalogue, metricTable } from "../../src/status/metrics.ts";

const root = new URL("../../", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");
const { scripts } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  scripts: Record<string, string>;
};

describe("the README", () => {
  it("shows an Application that is valid and supported", () => {
    const [, example = ""] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
    const parsed = parseApplication(parse(example) as KubeObject);
    expect(parsed).toMatchObject({ ok: true, application: { name: "shop" } });
    expect(unsupported(parsed.application)).toBeUndefined();
  });

  it("names only metrics that there are; all of them are in the reference", () => {
    const names = new Set<string>(Object.values(metricCatalogue).map(({ name }) => name));
    const named = [...readme.matchAll(/`((?:mooring|argocd)_[a-z_]+)`/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !names.has(name ?? ""))).toEqual([]);
    const reference = readFileSync(new URL("docs/reference/metrics.md", root), "utf8");
    expect(reference).toContain(metricTable().trim());
  });

  it("names only commands that there are", () => {
    const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(3);
    for (const name of named) expect(scripts).toHaveProperty([name]);
  });

  it("draws every room of the house, and no other", () => {
    const [, drawn = ""] = /```\nsrc\/\n([\s\S]*?)```/.exec(readme) ?? [];
    const rooms = [...drawn.matchAll(/^ {2}([a-z]+\/|[a-z]+\.ts) /gm)].map(([, room = ""]) => room);
    expect(rooms).toHaveLength(14);
    for (const room of rooms) expect(existsSync(new URL(`src/${room}`, root)), room).toBe(true);
  });
});
