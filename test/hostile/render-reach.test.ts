import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chart, configMapTemplate, kustomization } from "../e2e/harness/sources.ts";
import { type Attack, type Attacked, built, settings, startAttacked, web } from "./attacked.ts";

let attacked: Attacked;
beforeAll(async () => {
  attacked = await startAttacked();
});
afterAll(() => attacked?.stop());

const reading = (expression: string) =>
  web({ "a.yaml": configMapTemplate("got", { v: `{{ ${expression} | toString | quote }}` }) });
const token = "ghp-sentinel0123456789abcdef";

describe("a kustomization that refers to a remote is refused, its credentials are not told", () => {
  const remotes = [
    "https://github.com/org/repo//base?ref=v1",
    `https://me:${token}@github.com/org/repo//base?ref=v1`,
    `https://${token}@example.com/org/repo.git//base`,
    `https://example.com/base.yaml?token=${token}`,
    `https://me:${token}@example.com/base.yaml`,
    "github.com/org/repo//base?ref=v1",
    `${token}@github.com/org/repo//base`,
    "git::https://example.com/org/repo.git//base",
    `git::https://me:${token}@example.com/org/repo.git//base`,
    "git@github.com:org/repo.git//base",
    "ssh://git@github.com/org/repo.git//base",
    `ssh://me:${token}@github.com/org/repo.git//base`,
    "file:///etc",
    "file:///etc/passwd",
    "git::file:///etc",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/a.yaml",
    "http://metadata.google.internal/computeMetadata/v1/a.yaml",
    "http://127.0.0.1:1/a.yaml",
    "https://[fd00:ec2::254]/a.yaml",
    "gh:org/repo",
    "s3::https://s3.amazonaws.com/bucket/base",
    "ext::sh -c touch% /tmp/owned",
    "--upload-pack=touch /tmp/owned",
    `HTTPS://me:${token}@Example.COM/base.yaml`,
    `https://me:${token}@example.com:443/org/_git/repo//base?ref=v1&token=${token}`,
  ];
  const fields: Record<string, (from: string) => Record<string, unknown>> = {
    resources: (from) => ({ resources: ["a.yaml", from] }),
    bases: (from) => ({ bases: [from] }),
    components: (from) => ({ resources: ["a.yaml"], components: [from] }),
    crds: (from) => ({ resources: ["a.yaml"], crds: [from] }),
    patches: (from) => ({ resources: ["a.yaml"], patches: [{ path: from }] }),
    transformers: (from) => ({ resources: ["a.yaml"], transformers: [from] }),
    generators: (from) => ({ generators: [from] }),
    openapi: (from) => ({ resources: ["a.yaml"], openapi: { path: from } }),
    "configMapGenerator[].files": (from) => ({
      configMapGenerator: [{ name: "a", files: [from] }],
    }),
  };
  test.each(Object.entries(fields))("in %s", async (field, of) => {
    for (const from of remotes) {
      const problem = await attacked.refused({ name: from, files: built(of(from)) });
      const told = [from, problem.code, problem.message];
      expect(told).toEqual([
        from,
        expect.stringMatching(/^(SourceRefused|InvalidManifest|PathNotFound|Unsupported)$/),
        expect.stringContaining("deploy/kustomization.yaml"),
      ]);
      // A generator takes what stands before `=` for a key, and the rest for a file.
      if (!from.includes(`=${token}`) || !field.startsWith("configMap"))
        expect(told.slice(1).join()).not.toContain(token);
      expect(`${problem.detail} ${problem.cause}`).not.toContain(token);
    }
  });

  test("in a base, which is named instead of the overlay", async () => {
    const problem = await attacked.refused({
      name: "base",
      path: "overlay",
      files: {
        ...kustomization("overlay", { resources: ["../base"] }),
        ...kustomization("base", { resources: [`https://me:${token}@example.com/x.yaml`] }),
      },
    });
    expect(problem.code).toBe("SourceRefused");
    expect(problem.message).toContain("base/kustomization.yaml");
    expect(problem.message).toContain("example.com");
    expect(problem.message).not.toContain(token);
  });
});

describe("nothing of a kustomization is executed", () => {
  const plugin = (annotation: Record<string, unknown>, kind = "Custom") =>
    JSON.stringify({
      apiVersion: "example.com/v1",
      kind,
      metadata: {
        name: "plugin",
        annotations: { "config.kubernetes.io/function": JSON.stringify(annotation) },
      },
    });
  const runs: Record<string, string> = {
    container: plugin({ container: { image: "example.com/owned:1", network: true } }),
    exec: plugin({ exec: { path: "/bin/sh" } }),
    starlark: plugin({ starlark: { path: "a.star", url: "https://example.com/a.star" } }),
    "a Go plugin": JSON.stringify({
      apiVersion: "someteam.example.com/v1",
      kind: "ChartInflator",
      metadata: { name: "x" },
    }),
    ChartInflator: JSON.stringify({
      apiVersion: "builtin",
      kind: "HelmChartInflationGenerator",
      metadata: { name: "x" },
      name: "minecraft",
      repo: "https://charts.example",
    }),
  };
  const places: Record<string, (file: string) => Record<string, unknown>> = {
    generators: (file) => ({ generators: [file] }),
    transformers: (file) => ({ resources: ["a.yaml"], transformers: [file] }),
    validators: (file) => ({ resources: ["a.yaml"], validators: [file] }),
  };
  const cases = Object.entries(runs).flatMap(([what, text]) =>
    Object.entries(places).map(([place, of]) => ({ what, place, text, of })),
  );
  test.each(cases)("$what in $place", async ({ text, of }) => {
    for (const files of [built(of("p.yaml"), { "p.yaml": text }), built(of(text))]) {
      const problem = await attacked.refused({ name: "plugin", files });
      expect(["Unsupported", "InvalidManifest"]).toContain(problem.code);
      expect(problem.message).toMatch(/deploy\/(kustomization|p)\.yaml/);
    }
  });

  test("a function in a resource is an annotation and nothing more", async () => {
    const files = built({ resources: ["p.yaml"] }, { "p.yaml": runs.exec as string });
    const objects = await attacked.rendered({ name: "resource", files });
    expect(objects).toHaveLength(1);
  });

  test("helmCharts and helmChartInflationGenerator", async () => {
    for (const field of [
      { helmCharts: [{ name: "web", repo: "https://charts.example", version: "1.0.0" }] },
      { helmCharts: [{ name: "web" }], helmGlobals: { chartHome: "/etc" } },
      { helmChartInflationGenerator: [{ chartName: "web", helmBin: "/bin/sh" }] },
    ]) {
      const problem = await attacked.refused({ name: "helm", files: built(field) });
      expect(problem.message).toContain("deploy/kustomization.yaml");
    }
  });
});

describe("a template learns nothing of the machine", () => {
  test.each(["env", "expandenv"])("%s is no function", async (name) => {
    const problem = await attacked.refused({
      name,
      files: reading(`${name} "MOORING_CANARY"`),
    });
    expect(problem.code).toBe("InvalidManifest");
    expect(problem.message).toContain("deploy/templates/a.yaml");
    expect(problem.message).toContain(name);
  });

  test("getHostByName asks nobody", async () => {
    const objects = await attacked.rendered({
      name: "dns",
      files: reading('getHostByName "localhost"'),
    });
    expect(objects).toMatchObject([{ object: { data: { v: "" } } }]);
  });

  test("nothing of it is in what templates are given", async () => {
    const objects = await attacked.rendered({
      name: "context",
      files: reading(
        'cat (toJson .Values) (toJson .Release) (toJson .Chart) (toJson .Capabilities) (printf "%#v" .Files) (printf "%v" .)',
      ),
    });
    expect(objects).toHaveLength(1);
  });

  test("lookup finds nothing, as with `helm template`", async () => {
    const objects = await attacked.rendered({
      name: "lookup",
      files: reading('lookup "v1" "Secret" "kube-system" "" | toJson'),
    });
    expect(objects).toMatchObject([{ object: { data: { v: "{}" } } }]);
  });

  test("the clock stands at the commit, and time zones are those that are built in", async () => {
    const objects = await attacked.rendered({
      name: "clock",
      files: reading('now | date "2006-01-02T15:04:05Z07:00"'),
    });
    expect(objects).toMatchObject([{ object: { data: { v: "2024-01-01T00:00:00Z" } } }]);
  });
});

describe("a schema of values refers to nothing outside", () => {
  const schema = (ref: string) =>
    web(
      { "a.yaml": settings },
      {
        "values.yaml": "v: 1\n",
        "values.schema.json": JSON.stringify({ properties: { v: { $ref: ref } } }),
      },
    );
  test.each([
    "file:///etc/passwd",
    "file:///etc/passwd#/definitions/a",
    "https://example.com/schema.json",
    `https://me:${token}@example.com/schema.json`,
    `http://169.254.169.254/latest/${token}`,
    "../../../../etc/passwd",
    "other.json",
  ])("%s", async (ref) => {
    const problem = await attacked.refused({ name: ref, files: schema(ref) });
    expect(["InvalidManifest", "SourceRefused", "Unsupported"]).toContain(problem.code);
    expect(problem.message).toContain("deploy/");
    expect(problem.message).not.toContain(token);
  });

  test("by $schema and $id neither", async () => {
    for (const field of ["$schema", "$id"])
      await attacked.attempt({
        name: field,
        files: web(
          { "a.yaml": settings },
          {
            "values.schema.json": JSON.stringify({ [field]: "file:///etc/passwd", $ref: "other" }),
          },
        ),
      });
  });
});

describe("values of Secrets are not in what is told", () => {
  const secret = "sentinel-Passw0rd!x7";
  const secretOf = (rest: string) =>
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: login\nstringData:\n  password: ${secret}\n${rest}`;
  const cases: Attack[] = [
    {
      name: "a literal without a key",
      files: built({ secretGenerator: [{ name: "a", literals: [secret] }] }),
    },
    {
      name: "a key there twice",
      files: built({ secretGenerator: [{ name: "a", literals: [`a=${secret}`, `a=${secret}x`] }] }),
    },
    {
      name: "a Secret without a name",
      files: built(
        { resources: ["s.yaml"] },
        { "s.yaml": secretOf("").replace("  name: login\n", "  labels: {a: b}\n") },
      ),
    },
    {
      name: "a Secret that is broken YAML",
      files: built({ resources: ["s.yaml"] }, { "s.yaml": secretOf(`  other: [${secret}\n`) }),
    },
    {
      name: "a password that looks like an alias",
      files: built({ resources: ["s.yaml"] }, { "s.yaml": secretOf(`  other: *${secret}\n`) }),
    },
    {
      name: "a password that looks like an alias, of a chart",
      files: web({ "s.yaml": secretOf(`  other: *${secret}\n`) }),
    },
    {
      name: "a password that is to be a number",
      files: web({ "s.yaml": secretOf(`  other: !!int ${secret}\n`) }),
    },
    {
      name: "a Secret that is written where a path belongs",
      files: built({ resources: [secretOf("")] }),
    },
    {
      name: "a replacement that looks into a password",
      files: built(
        {
          resources: ["s.yaml"],
          replacements: [
            {
              source: { kind: "Secret", fieldPath: "stringData.password.x" },
              targets: [{ select: { kind: "Secret" }, fieldPaths: ["stringData.a"] }],
            },
          ],
        },
        { "s.yaml": secretOf("") },
      ),
    },
    {
      name: "a replacement by a part that a password does not have",
      files: built(
        {
          resources: ["s.yaml"],
          replacements: [
            {
              source: {
                kind: "Secret",
                fieldPath: "stringData.password",
                options: { delimiter: "-", index: 9 },
              },
              targets: [{ select: { kind: "Secret" }, fieldPaths: ["stringData.a"] }],
            },
          ],
        },
        { "s.yaml": secretOf("") },
      ),
    },
    {
      name: "a file of variables that is not UTF-8",
      files: {
        ...built({ secretGenerator: [{ name: "a", envs: ["e"] }] }),
        "deploy/e": Buffer.from(`password=${secret}\xff\n`, "latin1"),
      },
    },
    {
      name: "a value that is no list",
      files: web(
        { "a.yaml": "{{ range .Values.db }}{{ end }}" },
        { "values.yaml": `db: ${secret}\n` },
      ),
    },
    {
      name: "a template among the values that fails",
      files: web(
        { "a.yaml": "{{ tpl .Values.db . }}" },
        { "values.yaml": `db: "${secret} {{ .Values.x.y.z }}"\n` },
      ),
    },
    {
      name: "a value in the place of a subchart's",
      files: web(
        { "a.yaml": settings },
        {
          "values.yaml": `s: ${secret}\n`,
          "charts/s/Chart.yaml": "apiVersion: v2\nname: s\nversion: 0.1.0\n",
          "charts/s/values.yaml": "a: 1\n",
        },
      ),
    },
    {
      name: "a Secret there twice",
      files: built({ resources: ["s.yaml"] }, { "s.yaml": `${secretOf("")}---\n${secretOf("")}` }),
    },
    {
      name: "an inline patch that is none",
      files: built({
        resources: ["a.yaml"],
        patches: [{ patch: `password: ${secret}`, target: { kind: "ConfigMap" } }],
      }),
    },
    {
      name: "an inline patch of a Secret that is not there",
      files: built({ resources: ["a.yaml"], patches: [{ patch: secretOf("") }] }),
    },
    {
      name: "a patch that tests a value",
      files: built(
        {
          resources: ["s.yaml"],
          patches: [
            {
              target: { kind: "Secret" },
              patch: `[{op: test, path: /stringData/password, value: ${secret}x}]`,
            },
          ],
        },
        { "s.yaml": secretOf("") },
      ),
    },
    {
      name: "a Secret of a chart that is broken YAML",
      files: web({ "s.yaml": secretOf(`  other: [${secret}\n`) }),
    },
    {
      name: "a Secret of a chart whose labels are no map",
      files: web({
        "s.yaml": secretOf("").replace("metadata:\n", `metadata:\n  annotations: ${secret}\n`),
      }),
    },
    {
      name: "a value that its schema refuses",
      files: web(
        { "a.yaml": settings },
        {
          "values.yaml": `password: ${secret}\n`,
          "values.schema.json": JSON.stringify({
            properties: { password: { type: "string", pattern: "^[a-z]{40}$" } },
          }),
        },
      ),
    },
    {
      name: "a chart that fails with a password",
      files: web(
        { "a.yaml": '{{ fail (printf "cannot sign in with %s" .Values.database.password) }}' },
        { "values.yaml": `database: { password: ${secret} }\n` },
      ),
    },
    {
      name: "a chart that fails with a password of its subchart",
      files: {
        ...web({ "a.yaml": settings }),
        ...chart("deploy/charts/sub", {
          templates: { "a.yaml": "{{ fail .Values.login.secret }}" },
          values: { login: { secret } },
        }),
      },
    },
    {
      name: "a value as a regular expression",
      files: web(
        { "a.yaml": '{{ regexMatch .Values.password "a" }}' },
        {
          "values.yaml": `password: "(${secret}"\n`,
        },
      ),
    },
    {
      name: "a value as a date",
      files: web(
        { "a.yaml": '{{ mustToDate "2006-01-02" .Values.password }}' },
        {
          "values.yaml": `password: "${secret}"\n`,
        },
      ),
    },
    {
      name: "a value as a template",
      files: web(
        { "a.yaml": "{{ tpl .Values.password . }}" },
        {
          "values.yaml": `password: "${secret}{{"\n`,
        },
      ),
    },
    {
      name: "a parameter that --set does not take",
      files: web({ "a.yaml": settings }),
      helm: { parameters: [{ name: "a[x]", value: secret }] },
    },
    {
      name: "values that are broken YAML",
      files: web({ "a.yaml": settings }, { "values.yaml": `password: ${secret}: [${secret}\n` }),
    },
  ];
  test.each(cases)("$name", async (attack) => {
    const { code, message, detail, cause } = await attacked.refused(attack);
    expect(code).toBe("InvalidManifest");
    expect(`${message} ${detail} ${cause}`).not.toContain(secret);
    expect(message).toMatch(/deploy|--set/);
  });
});
