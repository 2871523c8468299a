import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseApplication, unsupported } from "../../../src/dialect/mooring/application.ts";
import { milliseconds } from "../../../src/model/duration.ts";
import { parseExact } from "../../../src/model/exact-json.ts";
import type { KubeObject } from "../../../src/model/object.ts";
import { Problem } from "../../../src/model/problem.ts";

const url = "https://git.example/shop.git";
const minimal = { source: { git: { url } } };

function live(spec: unknown, more: object = {}): KubeObject {
  return {
    apiVersion: "mooring.dev/v1alpha1",
    kind: "Application",
    metadata: { name: "shop", namespace: "team-a", uid: "u1", generation: 3, resourceVersion: "7" },
    spec,
    ...more,
  };
}

function problemOf(spec: unknown): string {
  const parsed = parseApplication(live(spec));
  if (parsed.ok) throw new Error("valid");
  expect(parsed.problem.code).toBe("InvalidSpec");
  return parsed.problem.message;
}

test("an Application is its metadata, its spec with defaults, and durations in milliseconds", () => {
  const parsed = parseApplication(live({ ...minimal, interval: "1m30s" }));
  expect(parsed).toMatchObject({
    ok: true,
    application: {
      namespace: "team-a",
      name: "shop",
      uid: "u1",
      generation: 3,
      deleting: false,
      intervalMs: 90_000,
      timeoutMs: 300_000,
      spec: { mode: "warn", prune: false, deletionPolicy: "delete" },
      status: {},
    },
  });
});

describe("what the API let through is named by its path, in plain words", () => {
  const git = (more: object) => ({ source: { git: { url, ...more } } });
  const wrong: readonly [unknown, string][] = [
    [undefined, "spec.source: is required"],
    ["text", "spec: must be an object"],
    [{ ...minimal, prune: "yes" }, "spec.prune: must be true or false"],
    [{ ...minimal, historyLimit: 2.5 }, "spec.historyLimit: must be a whole number"],
    [{ ...minimal, historyLimit: 51 }, "spec.historyLimit: must be at most 50"],
    [{ ...minimal, mode: "yolo" }, "spec.mode: must be one of observe, warn, enforce"],
    [
      { ...minimal, interval: "soon" },
      "spec.interval: must be a duration such as 20s, 5m or 1h30m",
    ],
    [{ ...minimal, interval: "4999ms" }, "spec.interval: must be from 5s to 24h"],
    [{ ...minimal, timeout: "9999h" }, "spec.timeout: must be from 1s to 24h"],
    [
      { ...minimal, retry: { backoff: { duration: "1h" } } },
      "spec.retry.backoff: duration must not be longer than maxDuration",
    ],
    [git({ ref: {} }), "spec.source.git.ref: name exactly one of branch, tag, commit, name"],
    [git({ ref: { branch: "a", tag: "b" } }), "spec.source.git.ref: name exactly one of"],
    [git({ url: "" }), "spec.source.git.url: must not be empty"],
    [
      git({ url: "ssh://git.example/x" }),
      "spec.source.git.url: must be an https:// or http:// URL",
    ],
    [{ source: { git: { url }, path: "../etc" } }, "spec.source.path: must be a path inside"],
    [
      { ...minimal, ignoreDifferences: [{ kind: "A", jsonPointers: ["/a"] }, { kind: "B" }] },
      "spec.ignoreDifferences[1]: name the fields by",
    ],
    [
      { ...minimal, ignoreDifferences: [{ jsonPointers: ["/a"] }] },
      "spec.ignoreDifferences[0].kind: is required",
    ],
    [{ ...minimal, runbook: "javascript:alert(1)" }, "spec.runbook: must be an https://"],
    [
      { source: { git: { url }, helm: {}, kustomize: {} } },
      "spec.source: name at most one of helm, kustomize, directory",
    ],
    [
      { source: { git: { url }, kustomize: { namePrefix: "x-" } } },
      "spec.source.kustomize.namePrefix: this version of Mooring does not know the field",
    ],
    [
      { source: { git: { url }, helm: { values: ["a"] } } },
      "spec.source.helm.values: must be an object of at most 1024 members",
    ],
    [
      { source: { git: { url }, helm: { releaseName: "Shop" } } },
      "spec.source.helm.releaseName: must match",
    ],
    [
      { source: { git: { url }, helm: { parameters: [{ value: "x" }] } } },
      "spec.source.helm.parameters[0].name: is required",
    ],
    [
      { source: { git: { url }, helm: { valueFiles: ["a\nb"] } } },
      "spec.source.helm.valueFiles[0]: must match",
    ],
    [
      { source: { git: { url }, helm: { apiVersions: ["a b"] } } },
      "spec.source.helm.apiVersions[0]: must match",
    ],
    [
      { source: { git: { url }, helm: { chart: "x" } } },
      "spec.source.helm.chart: this version of Mooring does not know the field",
    ],
  ];
  test.each(wrong)("%j", (spec, words) => {
    expect(problemOf(spec)).toContain(words);
  });

  test("and a password in a URL is not repeated", () => {
    const words = problemOf(git({ url: "https://bot:hunter2@git.example/shop.git" }));
    expect(words).toContain("must not carry credentials");
    expect(words).not.toContain("hunter2");
  });
});

describe("an invalid Application that is deleted", () => {
  test("keeps its policy and its ServiceAccount", () => {
    const spec = {
      ...minimal,
      interval: "soon",
      deletionPolicy: "orphan",
      serviceAccountName: "d",
    };
    const { application } = parseApplication(live(spec));
    expect(application.spec).toMatchObject({ deletionPolicy: "orphan", serviceAccountName: "d" });
  });

  test("leaves its objects alone when its policy cannot be read", () => {
    const { application } = parseApplication(live({ ...minimal, deletionPolicy: "keep" }));
    expect(application.spec.deletionPolicy).toBe("orphan");
  });
});

test("a status that cannot be read in part keeps the rest", () => {
  const status = { revision: "main@sha1:0123", sync: "Sideways", objects: { total: "many" } };
  expect(parseApplication(live(minimal, { status })).application.status).toEqual({
    revision: "main@sha1:0123",
  });
});

test("a chart's values are taken as they are: any names, integers past 2^53", () => {
  const json = '{"big":9007199254740993,"list":[1.0,null],"__proto__":{"a":1},"x":{"y":{}}}';
  const helm = { values: parseExact(json), parameters: [{ name: "image.tag" }] };
  const parsed = parseApplication(live({ source: { git: { url }, helm } }));
  expect(parsed.ok).toBe(true);
  const { source } = parsed.application.spec;
  expect(JSON.stringify(source.helm?.values)).toBe(json.replace("1.0", "1"));
  expect(source.helm?.parameters).toEqual([{ name: "image.tag", value: "", forceString: false }]);
});

test("value files by URL are unsupported, and a password in one is not repeated", () => {
  const helm = { valueFiles: ["values.yaml", "https://bot:hunter2@values.example/prod.yaml"] };
  const { application } = parseApplication(live({ source: { git: { url }, helm } }));
  const problem = unsupported(application);
  expect(problem).toMatchObject({ code: "Unsupported" });
  expect(problem?.message).toContain("spec.source.helm.valueFiles[1]: a URL");
  expect(problem?.message).not.toContain("hunter2");
});

test("a project other than default is unsupported, and said so", () => {
  const problem = (project: string) =>
    unsupported(parseApplication(live({ ...minimal, project })).application);
  expect(problem("default")).toBeUndefined();
  expect(problem("payments")).toMatchObject({ code: "Unsupported", retry: "terminal" });
  expect(problem("payments")?.message).toContain("payments");
});

describe("durations are Go's", () => {
  const factors = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
  const segment = fc.record({
    // In thousandths, so that the expected sum is exact.
    thousandths: fc.integer({ min: 0, max: 999_999 }),
    unit: fc.constantFrom<keyof typeof factors>("ms", "s", "m", "h"),
  });

  test("a sum of decimal numbers with units; m is minutes", () => {
    expect(milliseconds("1h30m")).toBe(5_400_000);
    expect(milliseconds("1.5h")).toBe(5_400_000);
    expect(milliseconds("2m")).toBe(120_000);
    expect(milliseconds("2ms")).toBe(2);
    expect(milliseconds("007s")).toBe(7000);
  });

  test("in any order, as often as one likes", () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 3 }), (segments) => {
        const text = segments.map(({ thousandths, unit }) => `${thousandths / 1000}${unit}`);
        const sum = segments.reduce(
          (total, { thousandths, unit }) => total + (thousandths * factors[unit]) / 1000,
          0,
        );
        expect(milliseconds(text.join(""))).toBeCloseTo(sum, 2);
      }),
    );
  });
});

test("whatever is in the API, parsing answers", () => {
  const junk = fc.constantFrom<unknown>(
    null,
    "",
    "x",
    "20s",
    true,
    -1,
    1.5,
    1e300,
    [],
    {},
    [{}],
    [[]],
  );
  const member = (names: readonly string[], inner: fc.Arbitrary<unknown>) =>
    fc.oneof(junk, fc.dictionary(fc.constantFrom(...names), inner));
  const git = member(["url", "ref", "secretRef"], member(["branch", "tag", "name"], junk));
  const inner = fc.oneof(
    junk,
    member(["git", "path", "helm", "kustomize"], git),
    member(["helm"], member(["values", "parameters", "valueFiles", "namespace"], junk)),
    member(["limit", "backoff"], member(["duration", "factor"], junk)),
    fc.array(member(["kind", "jsonPointers", "__proto__"], junk), { maxLength: 2 }),
  );
  const names = ["source", "retry", "interval", "ignoreDifferences", "destination", "mode", "x"];
  fc.assert(
    fc.property(member(names, inner), junk, (spec, status) => {
      const parsed = parseApplication(live(spec, { status }));
      expect(parsed.application.name).toBe("shop");
      expect(parsed.application.intervalMs).toBeGreaterThan(0);
      if (!parsed.ok) expect(parsed.problem).toBeInstanceOf(Problem);
    }),
    { numRuns: 1000 },
  );
});
