import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chart, configMapTemplate, kustomization } from "../e2e/harness/sources.ts";
import type { Change } from "../git/repository.ts";
import { type Attack, type Attacked, built, settings, startAttacked, web } from "./attacked.ts";

let attacked: Attacked;
beforeAll(async () => {
  attacked = await startAttacked();
});
afterAll(() => attacked?.stop());

const honestChart = web({ "a.yaml": settings });
const reading = (expression: string) =>
  web({ "a.yaml": configMapTemplate("got", { v: `{{ ${expression} | quote }}` }) });

/** Ways to name a file outside: the host's canary, and what every host has. */
function outside(canary: string): string[] {
  const up = "../".repeat(12);
  return [
    "/etc/passwd",
    "../../../etc/passwd",
    `${up}etc/passwd`,
    canary,
    `${up}${canary.slice(1)}`,
    `a/../../..${canary}`,
    "../../../proc/self/environ",
    "/proc/self/environ",
    "/var/run/secrets/kubernetes.io/serviceaccount/token",
    "//etc/passwd",
  ];
}

describe("no kustomization reads outside of the repository", () => {
  const fields: Record<string, (path: string) => Record<string, unknown>> = {
    resources: (path) => ({ resources: ["a.yaml", path] }),
    bases: (path) => ({ bases: [path] }),
    components: (path) => ({ resources: ["a.yaml"], components: [path] }),
    "patches[].path": (path) => ({ resources: ["a.yaml"], patches: [{ path }] }),
    patchesStrategicMerge: (path) => ({ resources: ["a.yaml"], patchesStrategicMerge: [path] }),
    "patchesJson6902[].path": (path) => ({
      resources: ["a.yaml"],
      patchesJson6902: [{ path, target: { version: "v1", kind: "ConfigMap", name: "settings" } }],
    }),
    "replacements[].path": (path) => ({ resources: ["a.yaml"], replacements: [{ path }] }),
    "configMapGenerator[].files": (path) => ({
      configMapGenerator: [{ name: "a", files: [path] }],
    }),
    "configMapGenerator[].files with a key": (path) => ({
      configMapGenerator: [{ name: "a", files: [`key=${path}`] }],
    }),
    "configMapGenerator[].envs": (path) => ({ configMapGenerator: [{ name: "a", envs: [path] }] }),
    "configMapGenerator[].env": (path) => ({ configMapGenerator: [{ name: "a", env: path }] }),
    "secretGenerator[].files": (path) => ({ secretGenerator: [{ name: "a", files: [path] }] }),
    crds: (path) => ({ resources: ["a.yaml"], crds: [path] }),
    configurations: (path) => ({ resources: ["a.yaml"], configurations: [path] }),
    generators: (path) => ({ generators: [path] }),
    transformers: (path) => ({ resources: ["a.yaml"], transformers: [path] }),
    validators: (path) => ({ resources: ["a.yaml"], validators: [path] }),
    "openapi.path": (path) => ({ resources: ["a.yaml"], openapi: { path } }),
  };
  test.each(Object.entries(fields))("%s", async (_name, field) => {
    for (const path of outside(attacked.canaryFile)) {
      const problem = await attacked.refused({ name: path, files: built(field(path)) });
      expect(["InvalidManifest", "PathNotFound", "SourceRefused"]).toContain(problem.code);
      expect(problem.message).toContain("deploy/kustomization.yaml");
    }
  });

  test("a resource that is a whole kustomization outside", async () => {
    const problem = await attacked.refused({
      name: "directory",
      files: built({ resources: [`../../..${attacked.directory}`] }),
    });
    expect(problem.message).toContain("deploy/kustomization.yaml");
  });

  test("from the root of the repository it is the same", async () => {
    const problem = await attacked.refused({
      name: "root",
      path: "",
      files: kustomization("", { resources: ["../etc/passwd"] }),
    });
    expect(problem.message).toContain("kustomization.yaml");
    expect(problem.message).toContain("repository");
  });

  test("a base elsewhere in the repository is read, by however many steps", async () => {
    const objects = await attacked.rendered({
      name: "inside",
      path: "deploy/a/b",
      files: {
        ...kustomization("deploy/a/b", { resources: ["../../../deploy/../base/./"] }),
        ...kustomization("base", { resources: ["a.yaml"] }, { "a.yaml": settings }),
      },
    });
    expect(objects).toHaveLength(1);
  });
});

describe("no chart reads outside of itself", () => {
  test.each([
    (path: string) => `.Files.Get "${path}"`,
    (path: string) => `(.Files.Glob "${path}").AsConfig`,
    (path: string) => `(.Files.Glob "${path}*").AsSecrets`,
    (path: string) => `.Files.Lines "${path}"`,
    (path: string) => `toString (.Files.GetBytes "${path}")`,
  ])("%s", async (expression) => {
    for (const path of outside(attacked.canaryFile)) {
      // Helm itself answers with nothing where there is no such file.
      const attempt = await attacked.attempt({ name: path, files: reading(expression(path)) });
      if ("problem" in attempt) continue;
      const [found] = attempt.objects as unknown as { object: { data: { v: string } } }[];
      expect(["", "[]", "{}", "\n"]).toContain(found?.object.data.v);
    }
  });

  test("files of the repository beside the chart are not the chart's", async () => {
    const objects = await attacked.rendered({
      name: "beside",
      files: { ...reading('.Files.Get "../secret.txt"'), "secret.txt": "beside" },
    });
    expect(JSON.stringify(objects)).not.toContain("beside");
  });

  test("value files", async () => {
    for (const path of outside(attacked.canaryFile)) {
      const attack = { name: path, files: honestChart, helm: { valueFiles: [path] } };
      const problem = await attacked.refused(attack);
      expect(["InvalidSpec", "PathNotFound"]).toContain(problem.code);
      // Also where missing ones are left out: outside is not missing.
      if (!path.startsWith("/"))
        await attacked.refused({
          ...attack,
          helm: { valueFiles: [path], ignoreMissingValueFiles: path.includes("..") },
        });
    }
    for (const path of ["file:///etc/passwd", "https://example.com/values.yaml"]) {
      const attack = { name: path, files: honestChart, helm: { valueFiles: [path] } };
      expect((await attacked.refused(attack)).message).toContain("valueFiles");
    }
  });

  test("a dependency by file:// that is not vendored is not fetched", async () => {
    const files = {
      ...honestChart,
      "deploy/Chart.yaml":
        "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies: [{name: etc, version: 0.1.0, repository: 'file:///etc'}]\n",
    };
    const problem = await attacked.refused({ name: "file", files });
    expect(problem.message).toContain("etc");
    expect(problem.message).toContain("deploy/Chart.yaml");
  });
});

describe("symlinks", () => {
  const link = (target: string): Change => ({ symlink: target });
  const chain = (length: number, last: string): Record<string, Change> =>
    Object.fromEntries(
      Array.from({ length }, (_, n) => [
        `deploy/l${n}.yaml`,
        link(n === length - 1 ? last : `l${n + 1}.yaml`),
      ]),
    );
  const bad: (Attack & { says: string })[] = [
    {
      name: "to an absolute path",
      files: { ...built({ resources: ["bad.yaml"] }), "deploy/bad.yaml": link("/etc/passwd") },
      says: "deploy/bad.yaml",
    },
    {
      name: "out of the repository",
      files: {
        ...built({ resources: ["bad.yaml"] }),
        "deploy/bad.yaml": link("../../../etc/passwd"),
      },
      says: "deploy/bad.yaml",
    },
    {
      name: "out of the repository by a chain",
      files: { ...built({ resources: ["l0.yaml"] }), ...chain(5, "../../../../etc/passwd") },
      says: "deploy/l4.yaml",
    },
    {
      name: "a chain without end",
      files: { ...built({ resources: ["l0.yaml"] }), ...chain(5, "l0.yaml") },
      says: "deploy/l",
    },
    {
      name: "to itself",
      files: { ...built({ resources: ["bad.yaml"] }), "deploy/bad.yaml": link("bad.yaml") },
      says: "deploy/bad.yaml",
    },
    {
      name: "to a directory outside",
      files: { ...built({ resources: ["etc/passwd"] }), "deploy/etc": link("/etc") },
      says: "deploy/etc",
    },
    {
      name: "to a directory, and up from there",
      files: {
        ...built({ resources: ["sub/bad.yaml"] }),
        "deploy/sub": link("../other"),
        "other/bad.yaml": link("../../etc/passwd"),
      },
      says: "other/bad.yaml",
    },
    {
      name: "a kustomization itself",
      files: { "deploy/kustomization.yaml": link("/etc/passwd"), "deploy/a.yaml": settings },
      says: "deploy/kustomization.yaml",
    },
    {
      name: "the path itself",
      files: { deploy: link("/etc") },
      says: "deploy",
    },
    {
      name: "with a backslash and a NUL",
      files: { ...built({ resources: ["bad.yaml"] }), "deploy/bad.yaml": link("..\\..\\x\0y") },
      says: "deploy/bad.yaml",
    },
    {
      name: "in a chart's templates",
      files: { ...honestChart, "deploy/templates/bad.yaml": link("/etc/passwd") },
      says: "deploy/templates/bad.yaml",
    },
    {
      name: "a chart's values.yaml",
      files: { ...honestChart, "deploy/values.yaml": link("../../etc/passwd") },
      says: "deploy/values.yaml",
    },
    {
      name: "a file for .Files",
      files: { ...reading('.Files.Get "bad"'), "deploy/bad": link("/proc/self/environ") },
      says: "deploy/bad",
    },
    {
      name: "Chart.yaml",
      files: { ...honestChart, "deploy/Chart.yaml": link("/etc/passwd") },
      says: "deploy/Chart.yaml",
    },
    {
      name: "a values file of the spec",
      files: { ...honestChart, "deploy/more.yaml": link("/etc/passwd") },
      helm: { valueFiles: ["more.yaml"], ignoreMissingValueFiles: true },
      says: "deploy/more.yaml",
    },
    {
      name: "a subchart that is the chart itself",
      files: { ...honestChart, "deploy/charts/again": link("..") },
      says: "deploy",
    },
    {
      name: "subcharts that hold each other",
      files: {
        ...chart("deploy", { name: "web", templates: { "a.yaml": settings } }),
        ...chart("deploy/charts/one", { templates: {}, values: { a: 1 } }),
        ...chart("deploy/charts/two", { templates: {}, values: { a: 1 } }),
        "deploy/charts/one/charts/two": link("../../two"),
        "deploy/charts/two/charts/one": link("../../one"),
      },
      says: "deploy",
    },
    {
      name: "a plain manifest",
      files: { "deploy/a.yaml": settings, "deploy/bad.yaml": link("/etc/passwd") },
      tool: "directory",
      says: "deploy/bad.yaml",
    },
  ];
  test.each(bad)("$name: refused, naming it", async ({ says, ...attack }) => {
    const problem = await attacked.refused(attack);
    expect(["InvalidManifest", "Unsupported", "LimitExceeded", "PathNotFound"]).toContain(
      problem.code,
    );
    expect(problem.message).toContain(says);
  });

  test("within the repository are followed: a file, a directory, a chain, one through another", async () => {
    const objects = await attacked.rendered({
      name: "inside",
      files: {
        ...kustomization("deploy", {
          resources: ["a.yaml", "shared/b.yaml", "l0.yaml", "through/deep/d.yaml", "base"],
        }),
        "deploy/a.yaml": link("../files/a.yaml"),
        "deploy/shared": link("../files"),
        ...chain(5, "../files/c.yaml"),
        "deploy/through": link("shared/more"),
        "deploy/base": link("../base"),
        "files/a.yaml": configMapTemplate("a", {}),
        "files/b.yaml": configMapTemplate("b", {}),
        "files/c.yaml": configMapTemplate("c", {}),
        "files/more/deep/d.yaml": configMapTemplate("d", {}),
        ...kustomization(
          "base",
          { resources: ["e.yaml"] },
          { "e.yaml": configMapTemplate("e", {}) },
        ),
      },
    });
    const names = objects.map(({ object }) => object.metadata.name).sort();
    expect(names).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("within a chart are followed, too", async () => {
    const objects = await attacked.rendered({
      name: "inside",
      files: {
        ...reading('.Files.Get "data"'),
        "deploy/data": link("../files/data"),
        "files/data": "linked",
        "deploy/templates/more.yaml": link("../../files/more.yaml"),
        "files/more.yaml": configMapTemplate("more", {}),
        "deploy/charts/sub": link("../../sub"),
        ...chart("sub", { templates: { "a.yaml": configMapTemplate("of-sub", {}) } }),
      },
    });
    const names = objects.map(({ object }) => object.metadata.name).sort();
    expect(names).toEqual(["got", "more", "of-sub"]);
    expect(JSON.stringify(objects)).toContain("linked");
  });

  test("a directory of twenty thousand long ones neither stops the process nor lasts", async () => {
    const target = `${"x/../".repeat(700)}a.yaml`;
    const attempt = await attacked.attempt({
      name: "many",
      files: {
        ...honestChart,
        "deploy/templates/x/a": "a",
        "deploy/templates/a.yaml": settings,
        ...Object.fromEntries(
          Array.from({ length: 15_000 }, (_, n) => [`deploy/templates/l${n}`, link(target)]),
        ),
      },
    });
    expect(attempt.heldMs).toBeLessThan(1_000);
    if ("problem" in attempt) expect(attempt.problem.code).toBe("LimitExceeded");
  });
});

describe("submodules", () => {
  test("are not fetched, and are named where a kustomization needs them", async () => {
    const submodule: Change = { submodule: "0123456789".repeat(4) };
    const problem = await attacked.refused({
      name: "submodule",
      files: { ...built({ resources: ["vendor"] }), "deploy/vendor": submodule },
    });
    expect([problem.code, problem.message]).toEqual([
      "Unsupported",
      expect.stringContaining("deploy/vendor"),
    ]);
  });
});

describe("names that are no names", () => {
  test.each(["a\\b.yaml", "a\nb.yaml", "a\u0000b.yaml", "\u001b[31mred.yaml", "x".repeat(5000)])(
    "%j as a resource",
    async (name) => {
      const problem = await attacked.refused({ name, files: built({ resources: [name] }) });
      expect(problem.message).toContain("deploy/kustomization.yaml");
      expect(problem.message.length).toBeLessThan(3_000);
    },
  );
});
