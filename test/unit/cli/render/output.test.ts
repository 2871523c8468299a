import fc from "fast-check";
import { expect, test } from "vitest";
import { neutralText } from "../../../../src/cli/output/neutral.ts";
import { toJson, toYaml, withoutSecretValues } from "../../../../src/cli/render/output.ts";
import type { RenderedObject } from "../../../../src/model/desired.ts";
import { parseExact } from "../../../../src/model/exact-json.ts";
import type { KubeObject } from "../../../../src/model/object.ts";
import { defaultLimits } from "../../../../src/render/limits.ts";
import { createDocumentReader } from "../../../../src/render/yaml/documents.ts";
import { hostileTexts } from "../../../fixtures/hostile-texts.ts";

const rendered = (fields: object, more: Partial<RenderedObject> = {}): RenderedObject => ({
  object: { apiVersion: "v1", kind: "X", metadata: { name: "x" }, ...fields } as KubeObject,
  origin: "deploy/x.yaml:1",
  ...more,
});
const read = createDocumentReader(defaultLimits);
const readBack = (yaml: string) => read(Buffer.from(yaml)).map(({ value }) => value);

test.each(hostileTexts)("the text %j is read as that text, as a value and as a key", (text) => {
  const one = rendered({ data: { value: text, [text]: "key" }, list: [text, [text]] });
  expect(readBack(toYaml([one]))).toEqual([one.object]);
});

test("whatever an object holds, it is read back as it is", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...hostileTexts));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.boolean(),
      fc.constant(null),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(
        text.filter((key) => key !== "__proto__"),
        tie("value"),
        { maxKeys: 4, noNullPrototype: true },
      ),
    ),
  }));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 3 }), (values) => {
      const objects = values.map((spec) => rendered({ spec }));
      const back = readBack(toYaml(objects));
      expect(back.map((one) => JSON.stringify(one))).toEqual(
        objects.map(({ object }) => JSON.stringify(object)),
      );
    }),
    { numRuns: 300 },
  );
});

test("integers past 2^53 keep their digits, in both formats", () => {
  const one = rendered({ n: parseExact("[9223372036854775807, -9007199254740993]") as object });
  expect(toYaml([one])).toContain("- 9223372036854775807\n  - -9007199254740993\n");
  expect(toJson([one])).toMatch(/9223372036854775807,\s+-9007199254740993/);
});

test("each document says its source, and a hook that it is one", () => {
  const yaml = toYaml([
    rendered({}),
    rendered({}, { origin: "chart/templates/job.yaml", hook: "pre-install" }),
  ]);
  const object = "apiVersion: v1\nkind: X\nmetadata:\n  name: x\n";
  expect(yaml).toBe(
    `---\n# Source: deploy/x.yaml:1\n${object}---\n# Source: chart/templates/job.yaml\n# Hook: pre-install (Mooring does not run hooks yet)\n${object}`,
  );
});

test("JSON is one List, in order; of nothing, an empty one", () => {
  const list = JSON.parse(toJson([rendered({ a: 1 }), rendered({ a: 2 })]));
  expect(list).toMatchObject({ apiVersion: "v1", kind: "List", items: [{ a: 1 }, { a: 2 }] });
  expect(JSON.parse(toJson([])).items).toEqual([]);
  expect(toYaml([])).toBe("");
});

test("values of Secrets are replaced, their keys and everything else stay", () => {
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data: { a: "aA==" } };
  expect(withoutSecretValues(secret)).toEqual({ ...secret, data: { a: "***" } });
  const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
  const exported = { ...secret.metadata, annotations: { a: "b", [lastApplied]: '{"data":"x"}' } };
  const odd = { ...secret, type: "Opaque", stringdata: { a: "x" }, values: ["x"], more: "x" };
  expect(withoutSecretValues({ ...odd, metadata: exported })).toEqual({
    ...{ ...odd, data: { a: "***" }, stringdata: { a: "***" }, values: "***", more: "***" },
    metadata: { ...exported, annotations: { a: "b", [lastApplied]: "***" } },
  });
  const other = { ...secret, apiVersion: "example.com/v1" };
  expect(withoutSecretValues(other)).toEqual(other);
});

test("neither an origin nor a hook adds a line to what is printed", () => {
  const one = rendered(
    {},
    { origin: "charts/x.tgz/a\n---\nkind: Evil\u001b[2J", hook: "pre-install,\n\n test" },
  );
  const text = toYaml([one]);
  expect(readBack(text)).toEqual([one.object]);
  expect(text).toContain("# Hook: pre-install,test (");
  expect(text).not.toContain("\u001b");
});

test("nothing that is printed turns the reading direction of what follows", () => {
  const turned = "\u061c\u200e\u200f\u202a\u202e\u2066\u2069";
  const one = rendered({ image: `a${turned}b`, [turned]: [turned] }, { origin: `a${turned}.yaml` });
  const yaml = toYaml([one]);
  expect(yaml).not.toMatch(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
  expect(readBack(yaml)).toEqual([one.object]);
  expect(neutralText(`a\n${turned}`)).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
});

test("JSON holds nothing that a terminal takes for a command", () => {
  const one = rendered({ data: { a: "\u001b[2J\u009b2J\u2028\u202e\u2066" } });
  const text = toJson([one]);
  expect(text).toMatch(/^[\n\x20-\x7e]*$/);
  expect(JSON.parse(text).items).toEqual([one.object]);
});
