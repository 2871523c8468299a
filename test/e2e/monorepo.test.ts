import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Change } from "../git/repository.ts";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { inWords } from "./harness/audit.ts";
import { configMap, deployment, manifest } from "./harness/manifests.ts";
import { total } from "./harness/metrics.ts";
import { chart, configMapTemplate, kustomization } from "./harness/sources.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ nodes: 2 });
});
afterAll(() => world?.stop());

/** A dozen first renders at once, on a machine that may be busy. */
const readyDeadlineMs = 120_000;

/** Commits to the repository that they share, and waits until all are Ready at that commit. */
async function deployAll(
  apps: readonly ApplicationHandle[],
  changes: Readonly<Record<string, Change>>,
): Promise<void> {
  const [first] = apps;
  if (first !== undefined) await allReady(apps, await first.commit(changes));
}

async function allReady(apps: readonly ApplicationHandle[], commit: string): Promise<void> {
  const follow = async (app: ApplicationHandle) => {
    await app.refresh(readyDeadlineMs);
    await app.ready(commit, readyDeadlineMs);
  };
  await Promise.all(apps.map(follow));
}

describe("a repository of many applications", () => {
  const teams = Array.from({ length: 8 }, (_, n) => `team-${n}`);
  const others = ["solo-0", "solo-1"];
  const charts = ["chart-0", "chart-1"];
  let apps: ApplicationHandle[];
  beforeAll(async () => {
    const files = {
      "README.md": "The first",
      ...kustomization(
        "base/web",
        { resources: ["settings.yaml"], components: ["../../components/labels"] },
        { "settings.yaml": manifest(configMap("settings", { colour: "blue" })) },
      ),
      "components/labels/kustomization.yaml":
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels: [{pairs: {shared: one}}]\n",
      ...kustomization(
        "base/solo",
        { resources: ["settings.yaml"] },
        { "settings.yaml": manifest(configMap("settings", { colour: "green" })) },
      ),
      ...Object.assign(
        {},
        ...teams.map((team) =>
          kustomization(
            `apps/${team}`,
            {
              namePrefix: `${team}-`,
              resources: ["../../base/web"],
              configMapGenerator: [{ name: "env", envs: ["env"] }],
            },
            { env: `TEAM=${team}\n` },
          ),
        ),
        ...others.map((other) =>
          kustomization(`apps/${other}`, {
            namePrefix: `${other}-`,
            resources: ["../../base/solo"],
          }),
        ),
        ...charts.map((name) =>
          chart(`charts/${name}`, {
            values: { colour: "red" },
            templates: {
              "settings.yaml": configMapTemplate("{{ .Release.Name }}-settings", {
                colour: "{{ .Values.colour }}",
                shared: "{{ .Values.shared | quote }}",
              }),
            },
          }),
        ),
      ),
      "values/shared.yaml": "shared: one\n",
    };
    const tenant = await world.createTenant("mono");
    const paths = [
      ...[...teams, ...others].map((name) => ({ name, source: { path: `apps/${name}` } })),
      ...charts.map((name) => ({
        name,
        source: { path: `charts/${name}`, helm: { valueFiles: ["/values/shared.yaml"] } },
      })),
    ];
    apps = [];
    for (const [n, { name, source }] of paths.entries())
      apps.push(
        await tenant.application(name, {
          repository: "mono",
          files: n === 0 ? files : {},
          spec: { source },
        }),
      );
    await Promise.all(apps.map((app) => app.ready(undefined, readyDeadlineMs)));
  });

  /** What a push does: which applications were rendered, and what was written of their objects. */
  async function outcome(changes: Readonly<Record<string, Change>> | "revert") {
    const rendersOf = async () => {
      const samples = await world.controller.metrics();
      return apps.map(({ labels }) =>
        total(samples, "mooring_renders_total", { ...labels, result: "rendered" }),
      );
    };
    const before = await rendersOf();
    const mark = await world.audit.mark();
    if (changes !== "revert") await deployAll(apps, changes);
    else await allReady(apps, await (apps[0] as ApplicationHandle).repository.revertHead());
    const after = await rendersOf();
    const writes = (await world.audit.targetWritesSince(mark)).filter(
      ({ objectRef }) => objectRef?.namespace === "mono",
    );
    return {
      rendered: apps.flatMap(({ name }, n) => (after[n] === before[n] ? [] : [name])),
      written: writes.map(inWords).sort(),
    };
  }

  test("a change of the README renders nothing and writes no object", async () => {
    expect(await outcome({ "README.md": "The second" })).toEqual({ rendered: [], written: [] });
  });

  test("a new file beside the applications, and a directory beside theirs, render nothing", async () => {
    expect(
      await outcome({
        "apps/README.md": "New",
        "apps/team-99/kustomization.yaml": "resources: [../../base/web]\n",
        "base/web/unnamed.yaml": "kind: [",
      }),
    ).toEqual({ rendered: [], written: [] });
  });

  test("a change of a shared base renders exactly its users, and is applied to them", async () => {
    const changed = {
      "base/web/settings.yaml": manifest(configMap("settings", { colour: "pink" })),
    };
    expect(await outcome(changed)).toEqual({
      rendered: teams,
      written: teams.map((team) => `patch configmaps mono/${team}-settings`),
    });
    for (const team of teams)
      expect((await world.api.read("ConfigMap", "mono", `${team}-settings`)).data).toEqual({
        colour: "pink",
      });
  });

  test("a change of a component renders exactly the users of its users", async () => {
    const path = "components/labels/kustomization.yaml";
    const { rendered } = await outcome({
      [path]:
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels: [{pairs: {shared: two}}]\n",
    });
    expect(rendered).toEqual(teams);
  });

  test("a change of one overlay renders it alone", async () => {
    const { rendered, written } = await outcome({ "apps/team-3/env": "TEAM=three\n" });
    expect(rendered).toEqual(["team-3"]);
    expect(written.map((write) => write.replace(/-[a-z0-9]{10}$/, "-HASH"))).toEqual([
      "delete configmaps mono/team-3-env-HASH",
      "patch configmaps mono/team-3-env-HASH",
    ]);
  });

  test("a change of a shared file of values renders the charts that read it", async () => {
    expect(await outcome({ "values/shared.yaml": "shared: two\n" })).toEqual({
      rendered: charts,
      written: charts.map((name) => `patch configmaps mono/${name}-settings`),
    });
  });

  test("a file that comes where one was looked for in vain renders who looked for it", async () => {
    const { rendered } = await outcome({ "charts/chart-1/values.schema.json": "{}" });
    expect(rendered).toEqual(["chart-1"]);
  });

  test("a revert renders nothing that was rendered before, and brings the objects back", async () => {
    const settingsOf = async () =>
      (await world.api.read("ConfigMap", "mono", "team-0-settings")).data;
    const before = await settingsOf();
    const black = manifest(configMap("settings", { colour: "black" }));
    await outcome({ "base/web/settings.yaml": black });
    expect(await settingsOf()).toEqual({ colour: "black" });
    const { rendered, written } = await outcome("revert");
    expect([rendered, written.length]).toEqual([[], teams.length]);
    expect(await settingsOf()).toEqual(before);
  });
});

const replicasOf = { dev: 1, staging: 2, prod: 5 };
type Environment = keyof typeof replicasOf;
const environments = Object.keys(replicasOf) as Environment[];

const kinds = {
  kustomize: {
    files: {
      ...kustomization(
        "base",
        { resources: ["web.yaml", "settings.yaml"] },
        {
          "web.yaml": manifest(deployment("web", { image: "example.com/web:1" })),
          "settings.yaml": manifest(configMap("settings", { colour: "blue" })),
        },
      ),
      ...Object.assign(
        {},
        ...environments.map((environment) =>
          kustomization(`overlays/${environment}`, {
            resources: ["../../base"],
            replicas: [{ name: "web", count: replicasOf[environment] }],
            labels: [{ pairs: { environment } }],
          }),
        ),
      ),
    },
    source: (environment: Environment) => ({ path: `overlays/${environment}` }),
    image: {
      "base/web.yaml": manifest(deployment("web", { image: "example.com/web:2" })),
    },
    removal: { "base/settings.yaml": null, "base/kustomization.yaml": "resources: [web.yaml]\n" },
  },
  helm: {
    files: {
      ...chart("web", {
        values: { image: "example.com/web:1" },
        templates: {
          "web.yaml": manifest(deployment("web", { image: "{{ .Values.image }}" })).replace(
            "spec:\n",
            "spec:\n  replicas: {{ .Values.replicas }}\n",
          ),
          "settings.yaml": configMapTemplate("settings", { colour: "blue" }),
        },
      }),
      ...Object.fromEntries(
        environments.map((environment) => [
          `environments/${environment}.yaml`,
          `replicas: ${replicasOf[environment]}\n`,
        ]),
      ),
    },
    source: (environment: Environment) => ({
      path: "web",
      helm: { valueFiles: [`/environments/${environment}.yaml`] },
    }),
    image: { "web/values.yaml": "image: example.com/web:2\n" },
    removal: { "web/templates/settings.yaml": null },
  },
} as const;

describe.each(["kustomize", "helm"] as const)("dev, staging and prod by %s", (kind) => {
  const { files, source, image, removal } = kinds[kind];
  const namespaces = environments.map((environment) => `${kind}-${environment}`);
  const webOf = (namespace: string) => world.api.read("Deployment", namespace, "web");
  let apps: ApplicationHandle[];
  beforeAll(async () => {
    const tenant = await world.createTenant(kind);
    apps = [];
    for (const [n, environment] of environments.entries()) {
      const namespace = namespaces[n] as string;
      await tenant.addNamespace(namespace);
      apps.push(
        await tenant.application(environment, {
          repository: "shop",
          files: n === 0 ? files : {},
          spec: { source: source(environment), destination: { namespace } },
        }),
      );
    }
    await Promise.all(apps.map((app) => app.ready(undefined, readyDeadlineMs)));
  });

  test("become 1, 2 and 5 replicas that run", async () => {
    const all = await Promise.all(namespaces.map(webOf));
    expect(all.map(({ spec }) => spec.replicas)).toEqual([1, 2, 5]);
    expect(all.map(({ status }) => status.readyReplicas)).toEqual([1, 2, 5]);
  });

  test("a push that changes the image is applied to each", async () => {
    await deployAll(apps, image);
    const all = await Promise.all(namespaces.map(webOf));
    expect(all.map(({ spec }) => spec.template.spec.containers[0].image)).toEqual(
      namespaces.map(() => "example.com/web:2"),
    );
    expect(all.map(({ spec }) => spec.replicas)).toEqual([1, 2, 5]);
  });

  test("drift is healed", async () => {
    const namespace = namespaces[2] as string;
    await world.api.patch("Deployment", namespace, "web", { spec: { replicas: 4 } });
    await waitFor(
      "the heal",
      () => webOf(namespace),
      ({ spec }) => spec.replicas === 5,
    );
    await world.api.delete("ConfigMap", namespace, "settings");
    await waitFor("the object to be back", () => world.api.get("ConfigMap", namespace, "settings"));
  });

  test("a file that is removed is pruned in each", async () => {
    await deployAll(apps, removal);
    for (const namespace of namespaces) {
      expect(await world.api.get("ConfigMap", namespace, "settings")).toBeUndefined();
      await webOf(namespace);
    }
  });

  test("an application that is deleted takes its objects with it, its siblings stay", async () => {
    await apps[0]?.delete();
    await apps[0]?.gone();
    expect(await world.api.get("Deployment", namespaces[0] as string, "web")).toBeUndefined();
    await webOf(namespaces[1] as string);
  });
});
