/**
 * An operator's first hour: install, onboard, see a drift in observe, switch to enforce, roll
 * back, be alerted. Told in order, each test goes on where the last one ended; everything is done
 * by the commands of the runbooks, and each command of each runbook is run.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { untilServed } from "../cluster/served.ts";
import { type GitServer, startGitServer } from "../git/server.ts";
import { gitIn } from "../git/work-tree.ts";
import { expectFiring } from "./harness/alerts.ts";
import { ApplicationHandle } from "./harness/application-handle.ts";
import { inWords } from "./harness/audit.ts";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import type { RunningController } from "./harness/controller.ts";
import { commandsOf } from "./harness/documented-commands.ts";
import { configMap, deployment, manifest, service } from "./harness/manifests.ts";
import { Runbooks } from "./harness/runbook.ts";
import { waitFor } from "./harness/wait.ts";

// A score of commands in each; on a busy machine that takes minutes.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 300_000 });

let directory: string;
let checkout: string;
let git: GitServer;
let cluster: Cluster;
let runbooks: Runbooks;
let shop: ApplicationHandle;

/** Short where the rollout is meant to fail, and only there. */
const web = (tag: string) =>
  deployment("web", {
    replicas: 3,
    image: `shop/web:${tag}`,
    progressDeadlineSeconds: tag === "broken" ? 3 : 600,
  });
const files = {
  "deploy/prod/web.yaml": manifest(web("1"), service("web")),
  ...Object.fromEntries(
    ["banner", "prices", "hours", "terms"].map((name) => [
      `deploy/prod/${name}.yaml`,
      manifest(configMap(name, { version: "1" })),
    ]),
  ),
};
const owner = "shop-team";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-first-hour-"));
  checkout = join(directory, "shop");
  const logs = ["controller", "app"].map((container) => ({
    namespace: container === "app" ? "shop" : "mooring-system",
    container,
    file: join(directory, `${container}.log`),
  }));
  for (const { file } of logs)
    await writeFile(file, `${new Date().toISOString()} stdout F {"msg":"it begins"}\n`);
  [cluster, git] = await Promise.all([startCluster({ nodes: 2, logs }), startGitServer()]);
  const repository = await git.createRepository("shop");
  await repository.commit(files, { message: "Open the shop" });
  const clone = ["clone", "--quiet", "--config=user.name=Ann", "--config=user.email=ann@shop.test"];
  await gitIn(directory, [...clone, git.url("shop"), checkout]);
  shop = new ApplicationHandle(cluster.api, repository, "team-a", "shop");
  const variables = { URL: git.url("shop"), OWNER: owner, CHECKOUT: checkout, TMPDIR: directory };
  runbooks = await Runbooks.open(cluster.plane, variables, async () => {
    const running = await cluster.deployed.follow();
    if (running !== undefined) await publishLog(running);
  });
});
afterAll(async () => {
  await cluster?.stop();
  await git?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** As the container runtime of its node would keep it. */
async function publishLog(running: RunningController): Promise<void> {
  const lines = (await running.log()).split("\n").filter((line) => line.startsWith("{"));
  const kept = lines.map((line) => `${JSON.parse(line).time} stdout F ${line}\n`);
  await writeFile(join(directory, "controller.log"), kept.join(""));
}

async function metrics() {
  const running = await cluster.deployed.follow();
  if (running === undefined) throw new Error("the controller is not running");
  return running.metrics();
}

const of = (alertname: string, app = "shop", paged = owner) => ({
  alertname,
  namespace: "team-a",
  name: app,
  owner: paged,
});

async function replicas(): Promise<number> {
  return (await cluster.api.read("Deployment", "shop", "web")).spec.replicas;
}

test("install", async () => {
  const [overlay = ""] = await commandsOf("how-to/install.md", "Which variant");
  await runbooks.run(overlay);
  await untilServed(cluster.plane, "applications.mooring.dev");
  const [check = ""] = await commandsOf("how-to/install.md", "Check");
  expect(await runbooks.run(check)).toContain("1.");
});

test("onboard: what runs already is compared, and nothing is written", async () => {
  await runbooks.follow("onboarding-an-application", "Give it a place and rights");
  // It ran before Mooring did.
  await runbooks.run('kubectl apply --namespace=shop -f "$CHECKOUT/deploy/prod"');
  const mark = await cluster.audit.mark();
  const [seen] = await runbooks.follow("onboarding-an-application", "Watch first");
  expect(seen).toContain("shop");
  expect((await cluster.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
  await runbooks.follow("access-requests", "Let somebody look");
  await runbooks.follow("access-requests", "Let somebody work");
  await runbooks.follow("access-requests", "Let an application deploy more");
  await runbooks.follow("access-requests", "Take it away");
});

test("a drift in observe is seen, and neither healed nor alerted on", async () => {
  await shop.configure({ mode: "observe" });
  await shop.condition("Drifted", "False");
  const mark = await cluster.audit.mark();
  await runbooks.run("kubectl scale deployment/web --namespace=shop --replicas=5");
  expect((await shop.condition("Drifted", "True")).message).toContain("spec.replicas");
  const [difference] = await runbooks.follow("break-glass", "Bring it into Git", {}, [0]);
  expect(difference).toMatch(/-\s+replicas: 5[\s\S]*\+\s+replicas: 3/);
  expect((await cluster.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
  await expectFiring(await metrics(), []);
});

test("in warn it is alerted on, with its owner and who did it", async () => {
  await shop.configure({ mode: "warn" });
  await shop.condition("Drifted", "True");
  await waitFor("the drift to be told in warn", metrics, (samples) =>
    samples.some(({ name, labels }) => name.endsWith("_info") && labels.mode === "warn"),
  );
  await expectFiring(await metrics(), [of("MooringApplicationOutOfSync"), of("MooringDrift")]);
  await runbooks.follow("application-out-of-sync", "Look");
  const [first, second] = await runbooks.follow("drift", "Look");
  expect(first).toMatch(/"manager":"kubectl"/);
  expect(second).toMatch(/ kubectl Update/);
  await runbooks.follow("drift", "If that does not help");
});

test("switch to enforce: it is healed, and stays so", async () => {
  await runbooks.follow("onboarding-an-application", "Enforce");
  expect(await replicas()).toBe(3);
  await runbooks.follow("drift", "Mend");
  await runbooks.follow("application-out-of-sync", "Mend");
  await runbooks.follow("application-out-of-sync", "If that does not help");
  await shop.ready();
  await expectFiring(await metrics(), []);
});

test("break-glass: changed by hand while it stands still, then brought into Git", async () => {
  const [suspended] = await runbooks.follow("break-glass", "Stand still");
  expect(suspended).toContain("Suspended");
  await runbooks.follow("break-glass", "Change");
  expect(await replicas()).toBe(5);
  const [missing] = await runbooks.follow("break-glass", "Bring it into Git", {}, [0]);
  expect(missing).toMatch(/-\s+replicas: 5/);
  await gitIn(checkout, ["pull", "--quiet", "--ff-only", "origin", "main"]);
  await writeFile(
    join(checkout, "deploy/prod/web.yaml"),
    files["deploy/prod/web.yaml"].replace("replicas: 3", "replicas: 5"),
  );
  await gitIn(checkout, ["commit", "--quiet", "--all", "--message=Five of web (incident 4711)"]);
  await runbooks.follow("break-glass", "Bring it into Git", {}, [1]);
  await runbooks.follow("break-glass", "Go on");
  await runbooks.follow("break-glass", "What is recorded where");
  expect(await replicas()).toBe(5);
});

test("a bad release is alerted on, and rolled back until Git has the fix", async () => {
  await shop.push({ "deploy/prod/web.yaml": manifest(web("broken"), service("web")) });
  await shop.condition("Healthy", "False", "Degraded");
  await expectFiring(await metrics(), [of("MooringHealthDegraded")]);
  const [, pods] = await runbooks.follow("health-degraded", "Look");
  expect(pods).toContain("CrashLoopBackOff");
  await runbooks.follow("rollback", "Look");
  await runbooks.follow("health-degraded", "Mend");
  await shop.condition("Healthy", "False", "Degraded");
  await runbooks.follow("health-degraded", "If that does not help");

  const [, pin] = (await runbooks.follow("rollback", "Roll back"))[0]?.split(/(?=\{)/) ?? [];
  const bad = await shop.repository.resolve("main");
  expect(JSON.parse(pin ?? "")).toMatchObject({ skipped: bad });
  await shop.condition("Healthy", "True");
  await expectFiring(await metrics(), []);
  await runbooks.follow("rollback", "End it without a commit");
  await shop.condition("Healthy", "False", "Degraded");
  await runbooks.follow("rollback", "Roll back");
  await runbooks.follow("rollback", "Bring it into Git");
  await runbooks.follow("rollback", "Check");
  expect((await shop.get()).status?.rollback).toBeUndefined();
});

test("a prune that looks like an accident is held and alerted on, and approved", async () => {
  const gone = ["banner", "prices", "hours", "terms"].map((name) => `deploy/prod/${name}.yaml`);
  await shop.push(Object.fromEntries(gone.map((path) => [path, null])));
  await shop.condition("Ready", "False", "PruneHeld");
  await expectFiring(await metrics(), [of("MooringApplicationOutOfSync"), of("MooringPruneHeld")]);
  const [held] = await runbooks.follow("prune-held", "Look");
  expect(held).toContain("ConfigMap shop/banner");
  const [preview] = await runbooks.follow("prune-held", "Mend", {}, [0]);
  expect(preview).toContain("banner");
  expect(await cluster.api.get("ConfigMap", "shop", "banner")).toBeDefined();
  await runbooks.follow("prune-held", "Mend", {}, [1]);
  expect(await cluster.api.get("ConfigMap", "shop", "banner")).toBeUndefined();
  await runbooks.follow("prune-held", "If that does not help");
});

test("a commit that cannot be read is alerted on, and mended in Git", async () => {
  await shop.push({ "deploy/prod/banner.yaml": "kind: [" });
  await shop.condition("Ready", "False", "InvalidManifest");
  await expectFiring(await metrics(), [of("MooringApplicationOutOfSync"), of("MooringSyncFailed")]);
  const [said] = await runbooks.follow("sync-failed", "Look");
  expect(said).toContain("deploy/prod/banner.yaml");
  await runbooks.follow("sync-failed", "Mend", {}, [0]);
  await shop.commit({ "deploy/prod/banner.yaml": null });
  await runbooks.follow("sync-failed", "Mend", {}, [1, 2]);
  await runbooks.follow("sync-failed", "If that does not help");
});

test("a Git server that does not answer is alerted on", async () => {
  git.behave({ kind: "status", status: 503 });
  await shop.annotate({ "mooring.dev/refresh": "away" });
  await shop.condition("Ready", "False", "SourceUnreachable");
  await expectFiring(await metrics(), [of("MooringSourceFailing")]);
  const [said] = await runbooks.follow("source-failing", "Look");
  expect(said).toContain("503");
  git.behave({ kind: "serve" });
  await runbooks.follow("source-failing", "Mend");
  const [log] = await runbooks.follow("source-failing", "If that does not help");
  expect(log).toContain("503");
});

test("what the ServiceAccount may not do is alerted on, and nothing of it is done", async () => {
  const reader = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "reads-everything" },
    rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["get"] }],
  };
  await shop.push({ "deploy/prod/more.yaml": manifest(reader) });
  await shop.condition("Ready", "False", "Forbidden");
  await expectFiring(await metrics(), [
    of("MooringApplicationOutOfSync"),
    of("MooringSecurityRefusal"),
  ]);
  const [said] = await runbooks.follow("security-refusal", "Look");
  expect(said).toContain("reads-everything");
  await runbooks.follow("security-refusal", "Mend", {}, [0]);
  await shop.commit({ "deploy/prod/more.yaml": null });
  await runbooks.follow("security-refusal", "Mend", {}, [1]);
  await runbooks.follow("security-refusal", "If that does not help");
  expect(await cluster.api.get("ClusterRole", "", "reads-everything")).toBeUndefined();
});

test("a credential is rotated, and shown nowhere", async () => {
  const robot = { user: "robot", password: "s3nt1nel-old" };
  const fresh = "s3nt1nel-new";
  await using own = await startGitServer({ credentials: robot });
  const repository = await own.createRepository("vault");
  const sealed = { "deploy/sealed.yaml": manifest(configMap("sealed", { version: "1" })) };
  await repository.commit(sealed);
  const secret = ["create", "secret", "generic", "robot", "--namespace=team-a"];
  await cluster.plane.kubectl([
    ...secret,
    ...[`--from-literal=username=${robot.user}`, `--from-literal=password=${robot.password}`],
  ]);
  const { spec } = await shop.get();
  const url = own.url("vault");
  await cluster.api.create({
    apiVersion: "mooring.dev/v1alpha1",
    kind: "Application",
    metadata: { namespace: "team-a", name: "vault" },
    spec: {
      ...spec,
      source: {
        git: { url, ref: { branch: "main" }, secretRef: { name: "robot" } },
        path: "deploy",
      },
    },
  });
  const vault = new ApplicationHandle(cluster.api, repository, "team-a", "vault");
  await runbooks.run(
    "kubectl create role deployer --namespace=team-a --verb=get --resource=secrets\n" +
      "kubectl create rolebinding deployer --namespace=team-a --role=deployer --serviceaccount=team-a:deployer",
  );
  await vault.ready();
  const variables = { APP: "vault", NEW_PASSWORD: fresh };
  await runbooks.follow("secret-not-rotated", "Look", variables);
  own.authorize({ user: robot.user, password: fresh });
  await runbooks.follow("secret-not-rotated", "Mend", variables);
  const said = await runbooks.follow("secret-not-rotated", "If that does not help", variables);
  await vault.ready();
  for (const text of [...said, ...(await runbooks.follow("reconcile-stale", "Look", variables))])
    expect(text).not.toContain("s3nt1nel");
  await runbooks.follow("onboarding-an-application", "Undo", variables);
});

test("a controller that is gone is alerted on, and comes back", async () => {
  await runbooks.follow("reconcile-stale", "Mend");
  await runbooks.follow("reconcile-stale", "If that does not help");
  await runbooks.follow("disaster-recovery", "Something deletes, and should not", {}, [0, 1]);
  expect(await cluster.deployed.follow()).toBeUndefined();
  await expectFiring([], [{ alertname: "MooringControllerDown", owner: "platform" }]);
  await runbooks.follow("controller-down", "Look", {}, [0]);
  await runbooks.follow("disaster-recovery", "Something deletes, and should not", {}, [2]);
  const [log] = await runbooks.follow("controller-down", "Look", {}, [1, 2]);
  expect(log).toContain('"msg"');
  await runbooks.follow("controller-down", "Mend");
  await runbooks.follow("controller-down", "If that does not help");
  await expectFiring(await metrics(), []);
});

test("upgrade, and recover what was lost, without a write to a workload", async () => {
  const mark = await cluster.audit.mark();
  for (const heading of ["Before", "From 0.1.0", "Upgrade"])
    await runbooks.follow("upgrading", heading);
  const [checked] = await runbooks.follow("upgrading", "Check");
  expect(checked).not.toContain("✗");
  for (const heading of [
    "The controller, its namespace or its rights are gone",
    "Applications or the CRD are gone",
    "The repository is gone, or its history was rewritten",
    "The cluster is gone",
    "Check",
  ])
    await runbooks.follow("disaster-recovery", heading);
  expect((await cluster.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
});

test("an application is let go, and what it deployed stays", async () => {
  await runbooks.follow("onboarding-an-application", "Undo");
  await shop.gone();
  expect(await replicas()).toBe(5);
});

test("every command of every runbook was run", () => {
  expect(runbooks.left()).toEqual([]);
});
