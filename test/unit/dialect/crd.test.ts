import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { applicationCrd } from "../../../src/dialect/mooring/crd.ts";
import { specRules } from "../../../src/dialect/mooring/rules.ts";
import { fitStatus } from "../../../src/dialect/mooring/status.ts";
import { type Schema, structural } from "../../../src/dialect/mooring/structural.ts";
import { supplements } from "../../../src/dialect/mooring/supplement.ts";

interface Crd {
  spec: { versions: [{ schema: { openAPIV3Schema: { properties: Record<string, Schema> } } }] };
}

function pathsOf(schema: Schema, path: string): string[] {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  const inner = properties.flatMap(([name, property]) => pathsOf(property, `${path}.${name}`));
  const items = schema.items as Schema | undefined;
  return [path, ...inner, ...(items === undefined ? [] : pathsOf(items, `${path}[]`))];
}

test("the CRD in the repository is the model's: otherwise `npm run generate`", async () => {
  const file = new URL("../../../crds/mooring.dev_applications.yaml", import.meta.url);
  expect(parse(await readFile(file, "utf8"))).toEqual(applicationCrd());
});

test("rules and supplements are of fields that there are", () => {
  const crd = applicationCrd() as unknown as Crd;
  const { spec = {}, status = {} } = crd.spec.versions[0].schema.openAPIV3Schema.properties;
  const known = new Set([...pathsOf(spec, "spec"), ...pathsOf(status, "status")]);
  const named = [...specRules.map(({ path }) => path), ...Object.keys(supplements)];
  expect(named.filter((path) => !known.has(path))).toEqual([]);
});

test("what a CRD cannot say, or bound, is refused when it is generated", () => {
  const texts = [{ type: "string", maxLength: 5 }, { type: "null" }];
  expect(() => structural({ anyOf: texts }, "spec.x")).toThrow("spec.x: a CRD cannot say anyOf");
  expect(() => structural({ type: "string" }, "spec.x")).toThrow("a text without maxLength");
  expect(() => structural({ type: "array", items: texts[0] }, "spec.x")).toThrow(
    "without maxItems",
  );
  expect(() => structural({}, "spec.x")).toThrow("without maxProperties");
});

test("a status within the bounds stays as it is, and one beyond is cut between characters", () => {
  const drift = { group: "", kind: "ConfigMap", fields: [], manager: "x", healed: true };
  const time = "2026-01-01T00:00:00Z";
  const fine = { revision: "main@sha1:0123", lastDrift: { ...drift, name: "web", time } };
  expect(fitStatus(fine)).toEqual(fine);

  const name = "😀".repeat(300);
  const cut = fitStatus({ lastDrift: { ...drift, name, fields: Array(40).fill("x"), time } });
  expect(cut.lastDrift?.name).toBe(`${"😀".repeat(252)}…`);
  expect(cut.lastDrift?.fields).toHaveLength(20);
});
