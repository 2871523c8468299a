import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import type { TestRepository } from "../git/repository.ts";
import { ApplicationHandle } from "./harness/application-handle.ts";
import { exampleFile, exampleRepository } from "./harness/example-repository.ts";
import type { Kind } from "./harness/kube-api.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

/** Applications of applications: the last ones wait for namespaces, rights and each other. */
const deployedMs = 120_000;
const environments = ["dev", "staging", "prod"] as const;

let world: World;
beforeAll(async () => {
  world = await startWorld({ nodes: 3 });
});
afterAll(() => world?.stop());

/** As the examples' READMEs say: the one thing that is applied by hand. */
async function bootstrap(path: string): Promise<void> {
  const text = await exampleFile(path, world.git);
  await world.plane.kubectl(["apply", "--validate=strict", "-f", "-"], text);
}

function handle(repository: TestRepository, namespace: string, name: string): ApplicationHandle {
  return new ApplicationHandle(world.api, repository, namespace, name);
}

async function allReady(...handles: readonly ApplicationHandle[]): Promise<void> {
  await Promise.all(handles.map((one) => one.ready(undefined, deployedMs)));
}

async function isGone(kind: Kind, namespace: string, name: string): Promise<void> {
  await waitFor(
    `${kind} ${namespace}/${name} to be gone`,
    () => world.api.get(kind, namespace, name),
    (found) => found === undefined,
    deployedMs,
  );
}

/** Somebody scales it, and it is as in Git again. */
async function healsReplicas(namespace: string, name: string, replicas: number): Promise<void> {
  await world.plane.kubectl(["scale", `deployment/${name}`, "-n", namespace, "--replicas=7"]);
  await waitFor(
    `Deployment ${namespace}/${name} to be healed`,
    () => world.api.read("Deployment", namespace, name),
    ({ spec }) => spec.replicas === replicas,
    deployedMs,
  );
}

/** A server-side dry-run with strict field validation of files that are applied as they are. */
function strictly(args: readonly string[], input?: string): Promise<string> {
  return world.plane.kubectl(["apply", "--dry-run=server", "--validate=strict", ...args], input);
}

/** What an overlay makes, with the namespace that its Application gives it. */
async function rendered(overlay: string, namespace: string): Promise<string> {
  const text = await world.plane.kubectl(["kustomize", overlay]);
  const objects = parseAllDocuments(text).map((document) => {
    document.setIn(["metadata", "namespace"], namespace);
    return String(document);
  });
  return objects.join("---\n");
}

describe("monorepo", () => {
  let repository: TestRepository;
  const of = (namespace: string, name: string) => handle(repository, namespace, name);
  const image = async (namespace: string) =>
    (await world.api.read("Deployment", namespace, "shop")).spec.template.spec.containers[0].image;

  beforeAll(async () => {
    repository = await exampleRepository("monorepo", "monorepo", world.git);
    for (const environment of environments)
      await bootstrap(`monorepo/bootstrap/${environment}.yaml`);
  });

  test("one Application for each cluster brings all others, and all are Ready", async () => {
    for (const environment of environments)
      await allReady(
        of(`shop-${environment}`, "shop"),
        of(`catalogue-${environment}`, "catalogue"),
        of(`cluster-${environment}`, "cluster"),
      );
    const replicas = await Promise.all(
      environments.map(
        async (environment) =>
          (await world.api.read("Deployment", `shop-${environment}`, "shop")).status.readyReplicas,
      ),
    );
    expect(replicas).toEqual([1, 2, 5]);
  });

  test("a release to dev is a commit in one overlay, and reaches no other environment", async () => {
    const before = [await image("shop-staging"), await image("shop-prod")];
    const overlay = "apps/shop/overlays/dev/kustomization.yaml";
    const text = await repository.git(["show", `main:${overlay}`]);
    const commit = await repository.commit({ [overlay]: text.replace("1.3.0", "1.4.0") });
    const apps = environments.map((environment) => of(`shop-${environment}`, "shop"));
    await Promise.all(apps.map((app) => app.refresh()));
    await Promise.all(apps.map((app) => app.ready(commit, deployedMs)));
    expect(await image("shop-dev")).toBe("shop/shop:1.4.0");
    expect([await image("shop-staging"), await image("shop-prod")]).toEqual(before);
  });

  test("a workload is healed, and so is an Application that somebody edits or deletes", async () => {
    await healsReplicas("shop-prod", "shop", 5);
    await world.api.patch(
      "Application",
      "shop-staging",
      "shop",
      { spec: { source: { path: "apps/shop/overlays/prod" } } },
      { manager: "kubectl-edit" },
    );
    await of("shop-staging", "shop").until(
      "its path as in Git",
      ({ spec }) => spec.source.path === "apps/shop/overlays/staging",
      deployedMs,
    );
    const { uid } = (await of("catalogue-prod", "catalogue").get()).metadata;
    await of("catalogue-prod", "catalogue").delete();
    await of("catalogue-prod", "catalogue").until(
      "a new one",
      ({ metadata }) => metadata.uid !== uid && metadata.deletionTimestamp === undefined,
      deployedMs,
    );
    await allReady(of("catalogue-prod", "catalogue"), of("cluster-prod", "cluster"));
  });

  test("an Application removed from clusters/dev goes with its objects; its namespace stays", async () => {
    const namespaces = await repository.git(["show", "main:clusters/dev/namespaces.yaml"]);
    expect(namespaces).toContain("catalogue-dev");
    await repository.commit({ "clusters/dev/catalogue.yaml": null });
    await of("cluster-dev", "cluster").refresh();
    await of("catalogue-dev", "catalogue").gone(deployedMs);
    await isGone("Deployment", "catalogue-dev", "catalogue");
    await isGone("Service", "catalogue-dev", "catalogue");
    await world.api.read("Namespace", "", "catalogue-dev");
    await world.api.read("Deployment", "catalogue-staging", "catalogue");
    await allReady(of("cluster-dev", "cluster"));
  });

  test("its manifests pass a dry-run with strict validation", async () => {
    const root = "examples/monorepo";
    const overlays = environments.flatMap((environment) =>
      ["shop", "catalogue"].map((app) =>
        rendered(`${root}/apps/${app}/overlays/${environment}`, `${app}-${environment}`),
      ),
    );
    await strictly(["-f", "-"], (await Promise.all(overlays)).join("---\n"));
    await strictly(["-R", "-f", `${root}/bootstrap`, "-f", `${root}/clusters`]);
  });
});

describe("multi-repo", () => {
  let platform: TestRepository;
  let shop: TestRepository;
  let catalogue: TestRepository;

  beforeAll(async () => {
    platform = await exampleRepository("multi-repo/platform", "platform", world.git);
    shop = await exampleRepository("multi-repo/team-shop", "team-shop", world.git);
    catalogue = await exampleRepository("multi-repo/team-catalogue", "team-catalogue", world.git);
    await bootstrap("multi-repo/platform/bootstrap.yaml");
  });

  test("the platform's repository brings the teams' ones, and all Applications are Ready", async () => {
    await allReady(
      handle(shop, "team-shop", "web"),
      handle(shop, "team-shop", "worker"),
      handle(shop, "team-shop", "applications"),
      handle(catalogue, "team-catalogue", "catalogue"),
      handle(catalogue, "team-catalogue", "applications"),
      handle(platform, "platform", "platform"),
    );
    expect((await world.api.read("Deployment", "shop", "web")).status.readyReplicas).toBe(3);
    const { spec } = await world.api.read("Deployment", "catalogue", "catalogue");
    expect(spec.template.spec.containers[0].env).toEqual([
      { name: "REQUESTS_PER_MINUTE", value: "600" },
    ]);
  });

  test("a team adds and removes an Application by commits of its own", async () => {
    const text = await shop.git(["show", "main:applications/worker.yaml"]);
    const own = handle(shop, "team-shop", "applications");
    await shop.commit({
      "applications/mailer.yaml": text.replaceAll("worker", "mailer"),
      "mailer/deployment.yaml": (
        await shop.git(["show", "main:worker/deployment.yaml"])
      ).replaceAll("worker", "mailer"),
    });
    await own.refresh();
    await waitFor("the new Application", () => world.api.get("Application", "team-shop", "mailer"));
    await allReady(handle(shop, "team-shop", "mailer"));
    await healsReplicas("shop", "mailer", 1);

    await shop.commit({ "applications/mailer.yaml": null });
    await own.refresh();
    await handle(shop, "team-shop", "mailer").gone(deployedMs);
    await isGone("Deployment", "shop", "mailer");
    await world.api.read("Deployment", "shop", "worker");
  });

  test("a team's Application that reaches for another team's namespace is refused, and told", async () => {
    const text = await shop.git(["show", "main:applications/worker.yaml"]);
    await shop.commit({
      "applications/intruder.yaml": text
        .replace("name: worker", "name: intruder")
        .replace("namespace: shop\n", "namespace: catalogue\n"),
    });
    await handle(shop, "team-shop", "applications").refresh();
    await waitFor("the Application", () => world.api.get("Application", "team-shop", "intruder"));
    const intruder = handle(shop, "team-shop", "intruder");
    const { message } = await intruder.condition("Synced", "False", "Forbidden", deployedMs);
    expect(message).toContain("deployer");
    expect(await world.api.get("Deployment", "catalogue", "worker")).toBeUndefined();
    await shop.commit({ "applications/intruder.yaml": null });
    await handle(shop, "team-shop", "applications").refresh();
    await intruder.gone(deployedMs);
  });

  test("its manifests pass a dry-run with strict validation", async () => {
    const root = "examples/multi-repo";
    const applications = ["shop", "catalogue"].flatMap((team) => [
      "-f",
      `${root}/team-${team}/applications`,
    ]);
    await strictly(["-R", "-f", `${root}/platform`, ...applications]);
    const own = [`${root}/team-shop/web`, `${root}/team-shop/worker`];
    await strictly(["-n", "shop", ...own.flatMap((directory) => ["-f", directory])]);
  });
});

describe("platform-and-teams", () => {
  let platform: TestRepository;
  let orders: TestRepository;
  let billing: TestRepository;
  const team = () => handle(orders, "delivery-orders", "orders");

  beforeAll(async () => {
    const folder = "platform-and-teams";
    platform = await exampleRepository(`${folder}/platform`, "platform-team", world.git);
    orders = await exampleRepository(`${folder}/team-orders`, "team-orders", world.git);
    billing = await exampleRepository(`${folder}/team-billing`, "team-billing", world.git);
    await bootstrap(`${folder}/platform/bootstrap.yaml`);
  });

  test("the platform's Application brings namespaces, rights, quotas and the teams' Applications", async () => {
    await allReady(
      team(),
      handle(billing, "delivery-billing", "billing"),
      handle(platform, "platform-team", "platform-team"),
    );
    expect((await world.api.read("Deployment", "orders", "web")).status.readyReplicas).toBe(2);
    const quota = await world.plane.kubectl([
      ...["get", "resourcequota/team", "-n", "orders"],
      ...["-o", "jsonpath={.status.used.pods}"],
    ]);
    expect(quota).toBe("2");
    await healsReplicas("billing", "billing", 1);
  });

  test.each([
    {
      what: "an object in another team's namespace",
      manifest: "{apiVersion: v1, kind: ConfigMap, metadata: {name: intruder, namespace: billing}}",
      find: ["configmap/intruder", "-n", "billing"],
    },
    {
      what: "more rights",
      manifest:
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: intruder}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}, subjects: [{kind: ServiceAccount, name: deployer, namespace: delivery-orders}]}",
      find: ["rolebinding/intruder", "-n", "orders"],
    },
    {
      what: "an open network",
      manifest:
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: intruder}, spec: {podSelector: {}, ingress: [{}]}}",
      find: ["networkpolicy/intruder", "-n", "orders"],
    },
    {
      what: "an Application of its own",
      manifest:
        "{apiVersion: mooring.dev/v1alpha1, kind: Application, metadata: {name: intruder, namespace: delivery-billing}, spec: {serviceAccountName: deployer, source: {git: {url: 'https://git.example/x.git'}}}}",
      find: ["applications.mooring.dev/intruder", "-n", "delivery-billing"],
    },
  ])("a team that commits $what is refused, which is told", async ({ manifest, find }) => {
    const commit = await orders.commit({ "deploy/intruder.yaml": manifest });
    await team().refresh();
    const { message } = await team().condition("Synced", "False", "Forbidden", deployedMs);
    expect(message).toContain("intruder");
    expect(message).toContain("delivery-orders/deployer");
    expect((await team().get()).status?.attemptedRevision).toContain(commit);
    await expect(world.plane.kubectl(["get", ...find])).rejects.toThrow("not found");
    // What it had goes on, and so do the others.
    await healsReplicas("orders", "web", 2);
    await allReady(handle(billing, "delivery-billing", "billing"));
    await orders.revertHead();
    await team().refresh();
    await allReady(team());
  });

  test("what a team removes from its repository is pruned", async () => {
    await world.api.read("ConfigMap", "orders", "web");
    const commit = await orders.commit({ "deploy/settings.yaml": null });
    await team().refresh();
    await team().ready(commit, deployedMs);
    expect(await world.api.get("ConfigMap", "orders", "web")).toBeUndefined();
  });

  test("a member of the team may look at its Application, and neither change it nor look into others' namespaces", async () => {
    const may = async (...question: string[]) =>
      (
        await world.plane
          .kubectl(["auth", "can-i", ...question, "--as=ada", "--as-group=team-orders"])
          .catch((error: Error) => error.message)
      ).trim();
    expect(await may("get", "applications.mooring.dev/orders", "-n", "delivery-orders")).toBe(
      "yes",
    );
    expect(await may("get", "deployments.apps", "-n", "orders")).toBe("yes");
    expect(await may("patch", "applications.mooring.dev/orders", "-n", "delivery-orders")).not.toBe(
      "yes",
    );
    expect(await may("get", "deployments.apps", "-n", "billing")).not.toBe("yes");
  });

  test("its manifests pass a dry-run with strict validation", async () => {
    await strictly(["-f", "examples/platform-and-teams/platform", "-R"]);
    await strictly(["-n", "orders", "-f", "examples/platform-and-teams/team-orders/deploy"]);
    await strictly(["-n", "billing", "-f", "examples/platform-and-teams/team-billing/deploy"]);
  });
});
