/** Defaults that pages name in prose are those of the code. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { configFields, type FieldName } from "../../../src/cli/controller/config.ts";
import { applicationSpec } from "../../../src/model/application.ts";
import { defaultPruneGuard } from "../../../src/plan/prune.ts";
import { root } from "./markdown.ts";

const page = (path: string) => readFileSync(join(root, path), "utf8");
const defaultOf = (field: FieldName) => configFields.find(({ name }) => name === field)?.default;

test("the prune guard of concepts and README is the default one", () => {
  const { share, count, absolute, protectedKinds } = defaultPruneGuard;
  const sentences = [
    `more than ${share * 100} % of the application's objects, and at least ${count}, would go`,
    `more than ${absolute} objects would go`,
  ];
  for (const sentence of sentences) expect(page("docs/concepts.md")).toContain(sentence);
  expect(page("README.md")).toContain(
    `more than ${share * 100} % of the objects (and at least ${count}), more than ${absolute}`,
  );
  for (const kind of protectedKinds.filter(
    (one) => !one.startsWith("*.") && !one.includes("x-k8s"),
  ))
    expect(page("docs/concepts.md")).toContain(kind.split(".")[0]);
});

test.each([
  ["docs/concepts.md", "sweepInterval", "(`--sweep-interval`, 12 h,", "12h"],
  [
    "docs/concepts.md",
    "disallowedManagers",
    "`kubectl*` and `before-first-apply`",
    "kubectl*,before-first-apply",
  ],
  ["docs/scaling.md", "maxInFlight", "`--max-in-flight` (32)", "32"],
  ["docs/scaling.md", "leaseDuration", "`--lease-duration` (15 s)", "15s"],
  ["docs/scaling.md", "renderMemory", "`--render-memory` (512 MiB)", "512Mi"],
  ["docs/reference/metrics.md", "listen", "on port 8080 (`--listen`)", "0.0.0.0:8080"],
] as const)("%s names the default of %s", (path, field, words, value) => {
  expect(page(path)).toContain(words);
  expect(defaultOf(field)).toBe(value);
});

test("the Application of the README says which of its fields are not the default", () => {
  const spec = applicationSpec.parse({ source: { git: { url: "https://git.example/x.git" } } });
  expect(spec).toMatchObject({ mode: "warn", prune: false, selfHeal: false });
  expect(page("README.md")).toMatch(/mode: enforce .*warn \(the default\)/);
  expect(page("README.md")).toMatch(/prune: true .*off by default/);
  expect(page("README.md")).toMatch(/selfHeal: true .*off by default/);
  expect(page("docs/concepts.md")).toContain("| `warn` (the default) |");
});
