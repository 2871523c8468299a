import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configMapTemplate, kustomization } from "../e2e/harness/sources.ts";
import { type Attack, type Attacked, settings, startAttacked, web } from "./attacked.ts";

/** Short, so that what never ends is soon ended; long enough for honest renders on a busy machine. */
const deadlineMs = 3_000;
const memoryMiB = 256;

let attacked: Attacked;
beforeAll(async () => {
  attacked = await startAttacked({ deadlineMs, memoryMiB });
});
afterAll(() => attacked?.stop());

const template = (text: string) => web({ "bad.yaml": text });
const patched = (fields: Record<string, unknown>, files: Record<string, string> = {}) =>
  kustomization("deploy", { resources: ["a.yaml"], ...fields }, { "a.yaml": settings, ...files });

/** Nine levels of nine: 387 million values. */
const levels = "abcdefghi";
const bomb = [...levels]
  .map((name, n) => {
    const below = n === 0 ? '"lol"' : `*${levels[n - 1]}`;
    return `${name}: &${name} [${Array.from({ length: 9 }, () => below).join(", ")}]`;
  })
  .join("\n");
const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const deepMap = (levels: number) =>
  `${Array.from({ length: levels }, (_, n) => `${" ".repeat(n)}a:`).join("\n")} 1\n`;

describe("a render that never ends is ended, naming the deadline", () => {
  test.each<Attack>([
    {
      name: "loops within loops",
      files: template("{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}"),
    },
    {
      name: "keys generated in a loop",
      files: template('{{ range until 10000 }}{{ $k := genPrivateKey "rsa" }}{{ end }}'),
    },
    {
      name: "passwords hashed in a loop",
      files: template('{{ range until 10000 }}{{ $h := htpasswd "a" "b" }}{{ end }}'),
    },
    {
      name: "templates that call each other, each twice",
      files: template(
        [
          '{{ define "t0" }}{{ end }}',
          ...Array.from(
            { length: 60 },
            (_, n) =>
              `{{ define "t${n + 1}" }}{{ template "t${n}" }}{{ template "t${n}" }}{{ end }}`,
          ),
          '{{ template "t60" }}',
        ].join(""),
      ),
    },
    {
      name: "a loop that swallows its own failures",
      files: template(
        '{{ range until 1000000 }}{{ range until 1000 }}{{ $x := regexMatch "(a|aa)+$" "aaaaaaaaaaaaaaaaaaaaaaaaaaab" }}{{ end }}{{ end }}',
      ),
    },
  ])("$name", async (attack) => {
    const problem = await attacked.refused(attack);
    expect(problem.code).toBe("LimitExceeded");
    expect(problem.message).toMatch(/takes longer than 3 s/);
  });
});

describe("a render that takes too much memory or gives too much is ended, saying what it took", () => {
  const attacks: Attack[] = [
    { name: "a range over a huge list", files: template("{{ range until 1000000000 }}x{{ end }}") },
    { name: "a text of a gigabyte", files: template('a: {{ repeat 1000000000 "x" }}') },
    {
      name: "texts that double",
      files: template(
        '{{ $s := "xxxxxxxx" }}{{ range until 60 }}{{ $s = printf "%s%s" $s $s }}{{ end }}{{ $s }}',
      ),
    },
    {
      name: "lists that double",
      files: template(
        '{{ $l := list "x" }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}{{ len $l }}',
      ),
    },
    {
      name: "an output of a gigabyte, a megabyte at a time",
      files: template('{{ range until 1000 }}{{ printf "# %1000000d" 1 }}\n{{ end }}'),
    },
    {
      name: "ten thousand objects of a hundred kilobytes",
      files: template(
        `{{ range until 10000 }}---\n${configMapTemplate("a{{ . }}", { v: '{{ repeat 100000 "x" }}' })}{{ end }}`,
      ),
    },
    {
      name: "a hundred thousand objects",
      files: template(
        `{{ range until 100000 }}---\n${configMapTemplate("a{{ . }}", { v: "1" })}{{ end }}`,
      ),
    },
    {
      name: "a kustomization of a hundred thousand objects",
      files: patched(
        { resources: ["many.yaml"] },
        {
          "many.yaml": Array.from({ length: 100_000 }, (_, n) =>
            configMapTemplate(`a${n}`, { v: "1" }),
          ).join("---\n"),
        },
      ),
    },
  ];
  test.each(attacks)("$name", async (attack) => {
    const problem = await attacked.refused(attack);
    expect([problem.code, problem.message]).toEqual([
      "LimitExceeded",
      expect.stringMatching(/MiB|objects|takes/),
    ]);
  });
});

describe("what expands or nests without end is refused, naming the file", () => {
  const attacks: (Attack & { says: string })[] = [
    {
      name: "an alias bomb in values.yaml",
      files: web({ "a.yaml": settings }, { "values.yaml": bomb }),
      says: "deploy/values.yaml",
    },
    {
      name: "an alias bomb in a values file",
      files: web({ "a.yaml": settings }, { "more.yaml": bomb }),
      helm: { valueFiles: ["more.yaml"] },
      says: "deploy/more.yaml",
    },
    {
      name: "an alias bomb in Chart.yaml",
      files: web({ "a.yaml": settings }, { "Chart.yaml": `name: web\nversion: 0.1.0\n${bomb}` }),
      says: "deploy/Chart.yaml",
    },
    {
      name: "an alias bomb in a template's output",
      files: template(`${settings}  bomb:\n${bomb.replaceAll(/^/gm, "    ")}`),
      says: "deploy/templates/bad.yaml",
    },
    {
      name: "an alias bomb in a chart's CRD",
      files: web({ "a.yaml": settings }, { "crds/bad.yaml": `${settings}${bomb}` }),
      says: "deploy/crds/bad.yaml",
    },
    {
      name: "an alias bomb in a kustomization",
      files: patched({}, { "kustomization.yaml": `resources: [a.yaml]\n${bomb}` }),
      says: "deploy/kustomization.yaml",
    },
    {
      name: "an alias bomb in a resource of a kustomization",
      files: patched({}, { "a.yaml": `${settings}bomb:\n${bomb.replaceAll(/^/gm, "  ")}` }),
      says: "deploy",
    },
    {
      name: "an alias bomb in a patch",
      files: patched({ patches: [{ path: "p.yaml" }] }, { "p.yaml": `${settings}${bomb}` }),
      says: "deploy",
    },
    {
      name: "lists 10,000 deep in a template's output",
      files: template(`${settings}  deep: ${deep(10_000)}`),
      says: "deploy",
    },
    {
      name: "maps 10,000 deep in values.yaml",
      files: web({ "a.yaml": settings }, { "values.yaml": deepMap(10_000) }),
      says: "deploy",
    },
    {
      name: "lists 10,000 deep in a template's values",
      files: web(
        { "a.yaml": `${settings}  deep: {{ toJson .Values.deep }}` },
        { "values.yaml": `deep: ${deep(9_000)}` },
      ),
      says: "deploy",
    },
    {
      name: "lists 10,000 deep in a resource of a kustomization",
      files: patched({}, { "a.yaml": `${settings}  deep: ${deep(10_000)}` }),
      says: "deploy",
    },
    {
      name: "an object 1,000 deep, which the parsers take",
      files: template(`${settings}  deep: ${deep(1_000)}`),
      says: "deploy/templates/bad.yaml",
    },
    {
      name: "a template that includes itself",
      files: template('{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}'),
      says: "deploy/templates/bad.yaml",
    },
    {
      name: "a template that calls itself",
      files: template('{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}'),
      says: "deploy/templates/bad.yaml",
    },
    {
      name: "tpl of itself",
      files: template(
        '{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t "Template" .Template) }}',
      ),
      says: "deploy",
    },
    {
      name: "a regular expression that multiplies",
      files: template('{{ regexMatch "((((a{1,100}){1,100}){1,100}){1,100})" "a" }}'),
      says: "deploy/templates/bad.yaml",
    },
  ];
  test.each(attacks)("$name", async ({ says, ...attack }) => {
    const problem = await attacked.refused(attack);
    expect(["InvalidManifest", "LimitExceeded"]).toContain(problem.code);
    expect(problem.message).toContain(says);
  });
});

describe("what is large or odd and yet bounded is rendered", () => {
  test("a width that a format does not take", async () => {
    const objects = await attacked.rendered({
      name: "width",
      files: template(configMapTemplate("a", { v: '{{ printf "%1000000000d" 1 | quote }}' })),
    });
    expect(objects).toHaveLength(1);
  });

  test("regular expressions that blow up elsewhere", async () => {
    const objects = await attacked.rendered({
      name: "regex",
      files: template(
        configMapTemplate("a", { v: '{{ regexMatch "^(a+)+$" (repeat 20000 "a") | quote }}' }),
      ),
    });
    expect(objects).toMatchObject([{ object: { data: { v: "true" } } }]);
  });

  test("inline patches, long ones too", async () => {
    const long = configMapTemplate("settings", { v: "x".repeat(10_000), path: "../../etc" });
    const objects = await attacked.rendered({
      name: "patch",
      files: patched({ patchesStrategicMerge: [long], patches: [{ patch: long }] }),
    });
    expect(objects).toMatchObject([{ object: { data: { path: "../../etc" } } }]);
  });
});

test("after all of them an honest chart renders as before, and the process has not grown", async () => {
  const honest: Attack = { name: "honest", files: template(settings) };
  await attacked.rendered(honest);
  expect(attacked.grownMiB()).toBeLessThan(1024);
});
