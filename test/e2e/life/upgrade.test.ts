import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { untilServed } from "../../cluster/served.ts";
import { type GitServer, startGitServer } from "../../git/server.ts";
import type { ApplicationHandle } from "../harness/application-handle.ts";
import { type AuditMark, inWords } from "../harness/audit.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import type { RunningController } from "../harness/controller.ts";
import { commandsOf, runAsReader } from "../harness/documented-commands.ts";
import { configMap, deployment, manifest, service } from "../harness/manifests.ts";
import { manifestsOf, unpack } from "../harness/release.ts";
import { chart, configMapTemplate, kustomization } from "../harness/sources.ts";
import { conditionOf } from "../harness/status.ts";
import { Tenant } from "../harness/tenant.ts";
import { waitFor } from "../harness/wait.ts";

const previous = "mooring-0.1.0";
const deadlineMs = 120_000;

let cluster: Cluster;
let git: GitServer;
let old: { main: string; flags: string[] };
let controller: RunningController;
let tenant: Tenant;
/** By name; all of them in the namespace `life`. */
const apps: Record<string, ApplicationHandle> = {};

const randomSecret = `
apiVersion: v1
kind: Secret
metadata:
  name: drawn
stringData:
  password: {{ randAlphaNum 32 | quote }}
  id: {{ uuidv4 | quote }}
`;

beforeAll(async () => {
  [cluster, git] = await Promise.all([startCluster({ nodes: 1 }), startGitServer()]);
  old = await unpack(previous, join(cluster.plane.dir, previous));
  // As that release said: without --server-side.
  await cluster.plane.kubectl(["apply", "-f", "-"], await manifestsOf(previous));
  await untilServed(cluster.plane, "applications.mooring.dev");
  controller = await cluster.controllers.start({ ...old, identity: "pod-a" });
  tenant = await Tenant.create("life", cluster.api, git);
  await tenant.grantInCluster([
    {
      apiGroups: ["mooring.dev"],
      resources: ["applications"],
      verbs: ["get", "create", "patch", "delete"],
    },
  ]);
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await git?.stop();
});

const names = ["plain", "overlay", "charts", "ignoring", "reporting", "parent"] as const;
const plain = (colour: string) => ({
  "deploy/web.yaml": manifest(
    deployment("web", { replicas: 2 }),
    service("web"),
    configMap("web", { colour }),
  ),
});

async function deployEverything(): Promise<void> {
  const application = async (...[name, shape]: Parameters<Tenant["application"]>) => {
    apps[name] = await tenant.application(name, shape);
  };
  await application("plain", { files: plain("blue") });
  await application("overlay", {
    files: {
      ...kustomization(
        "base",
        { resources: ["d.yaml"], configMapGenerator: [{ name: "generated", literals: ["a=b"] }] },
        { "d.yaml": manifest(deployment("overlaid")) },
      ),
      ...kustomization("deploy", { resources: ["../base"], namePrefix: "over-" }),
    },
  });
  await application("charts", {
    files: chart("deploy", {
      name: "web",
      templates: { "secret.yaml": randomSecret, "c.yaml": configMapTemplate("chart", { a: "b" }) },
    }),
  });
  await application("ignoring", {
    files: { "deploy/d.yaml": manifest(deployment("scaled", { replicas: 1 })) },
    spec: {
      ignoreDifferences: [{ group: "apps", kind: "Deployment", jsonPointers: ["/spec/replicas"] }],
    },
  });
  await application("reporting", {
    files: { "deploy/c.yaml": manifest(configMap("reported", { v: "1" })) },
    spec: { mode: "warn" },
  });
  await cluster.plane.kubectl(["create", "serviceaccount", "robot", "-n=life"]);
  await cluster.plane.kubectl([
    ...["create", "rolebinding", "robot", "-n=life"],
    ...["--clusterrole=admin", "--serviceaccount=life:robot"],
  ]);
  await application("named", {
    files: { "deploy/c.yaml": manifest(configMap("named", { v: "1" })) },
    spec: { serviceAccountName: "robot" },
  });
  const child = await app("plain").get();
  await application("parent", {
    files: {
      "deploy/application.yaml": manifest({
        apiVersion: child.apiVersion,
        kind: child.kind,
        metadata: { name: "child" },
        spec: {
          ...child.spec,
          source: { ...child.spec.source, path: "elsewhere" },
        },
      }),
    },
  });
  await app("plain").commit({
    "elsewhere/c.yaml": manifest(configMap("of-child", { v: "1" })),
  });
}

function app(name: string): ApplicationHandle {
  const found = apps[name];
  if (found === undefined) throw new Error(`no application ${name}`);
  return found;
}

/** Every Application was looked at, with its source, and says what it said. */
async function allLooked(): Promise<void> {
  await Promise.all(names.map((name) => app(name).refresh(deadlineMs)));
  await Promise.all(
    names
      .filter((name) => name !== "reporting")
      .map((name) => app(name).ready(undefined, deadlineMs)),
  );
  await app("reporting").condition("Synced", "False", "OutOfSync", deadlineMs);
}

async function replaceController(which: "old" | "current", identity: string): Promise<void> {
  const release = which === "old" ? old : {};
  controller = await cluster.controllers.start({ ...release, identity });
}

/** Writes to anything but Applications' own bookkeeping and Events. */
async function writesSince(mark: AuditMark): Promise<string[]> {
  return (await cluster.audit.targetWritesSince(mark)).map(inWords);
}

/** Everything that was deployed, with uid and resourceVersion. */
async function deployed(): Promise<string[]> {
  const kinds = ["Deployment", "Service", "ConfigMap", "Secret"] as const;
  const all = await Promise.all(kinds.map((kind) => cluster.api.list(kind, "life")));
  return all
    .flat()
    .map(
      ({ metadata, spec, data }) =>
        `${metadata.name} ${metadata.uid} ${JSON.stringify([spec, data, metadata.labels, metadata.annotations])}`,
    )
    .sort();
}

/** As docs/runbooks/upgrading.md says, without an overlay of one's own. */
const nameServiceAccount = `kubectl patch clusterrole/mooring-impersonate --type=json --patch='[{"op": "add", "path": "/rules/0/resourceNames/-", "value": "robot"}]'`;

test("the previous release deploys applications of every tool, and heals them", async () => {
  await deployEverything();
  await Promise.all(
    names
      .filter((name) => name !== "reporting")
      .map((name) => app(name).ready(undefined, deadlineMs)),
  );
  await cluster.plane.kubectl(["scale", "deployment/web", "-n=life", "--replicas=5"]);
  await cluster.plane.kubectl(["scale", "deployment/scaled", "-n=life", "--replicas=3"]);
  await waitFor(
    "the drift to be healed",
    () => cluster.api.read("Deployment", "life", "web"),
    ({ spec }) => spec.replicas === 2,
    deadlineMs,
  );
  await allLooked();
  await app("named").ready(undefined, deadlineMs);
});

test.each([
  ["the same replica", "pod-a"],
  ["another replica", "pod-b"],
])("an upgrade writes to no workload, taken over by %s", async (_, identity) => {
  const before = await deployed();
  const mark = await cluster.audit.mark();
  await controller.end("SIGTERM");
  for (const script of await commandsOf("runbooks/upgrading.md", "Upgrade"))
    await runAsReader(cluster.plane, script);
  await untilServed(cluster.plane, "applications.mooring.dev");
  await replaceController("current", identity);
  await allLooked();
  expect(await writesSince(mark)).toEqual([]);
  expect(await deployed()).toEqual(before);
  expect(await controller.log()).not.toMatch(/"level":"(error|fatal)"/);
});

test("an application that deploys as a ServiceAccount of another name keeps what it has, and is told of at the next change", async () => {
  // The previous release could act as any; this one as those that it is installed for.
  await app("named").ready(undefined, deadlineMs);
  const commit = await app("named").commit({
    "deploy/c.yaml": manifest(configMap("named", { v: "2" })),
  });
  await app("named").refresh(deadlineMs);
  const { message } = await app("named").condition("Synced", "False", "Forbidden", deadlineMs);
  expect(message).toContain("may not impersonate ServiceAccount life/robot");
  expect((await cluster.api.read("ConfigMap", "life", "named")).data.v).toBe("1");
  await runAsReader(cluster.plane, nameServiceAccount);
  await app("named").ready(commit, deadlineMs);
});

test("after it nothing of the previous release's rights is left, and its Deployment rolls out", async () => {
  const wanted = parseAllDocuments(await runAsReader(cluster.plane, "cat deploy/install.yaml")).map(
    (document) => `${document.get("kind")}/${document.getIn(["metadata", "name"])}`,
  );
  const kinds = "clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,services";
  const found = JSON.parse(
    await cluster.plane.kubectl([
      ...["get", kinds, "-A", "-l=app.kubernetes.io/part-of=mooring", "-o=json"],
    ]),
  ) as { items: { kind: string; metadata: { name: string } }[] };
  const left = found.items
    .map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    .filter((one) => !wanted.includes(one));
  expect(left).toEqual([]);
  await cluster.plane.kubectl([
    ...["rollout", "status", "deployment/mooring", "-n=mooring-system", "--timeout=120s"],
  ]);
});

test("the upgraded controller deploys, heals and prunes what the previous one had made", async () => {
  await app("plain").deploy(plain("green"));
  expect((await cluster.api.read("ConfigMap", "life", "web")).data.colour).toBe("green");
  await cluster.plane.kubectl(["delete", "service/web", "-n=life"]);
  await waitFor(
    "the Service to be made again",
    () => cluster.api.get("Service", "life", "web"),
    (found) => found !== undefined,
    deadlineMs,
  );
  await app("charts").deploy({ "deploy/templates/c.yaml": null });
  await waitFor(
    "the ConfigMap to be pruned",
    () => cluster.api.get("ConfigMap", "life", "chart"),
    (found) => found === undefined,
    deadlineMs,
  );
});

test("going back to the previous release writes to no workload either", async () => {
  const before = await deployed();
  const mark = await cluster.audit.mark();
  await controller.end("SIGTERM");
  await cluster.plane.kubectl(
    ["apply", "--server-side", "--force-conflicts", "-f", "-"],
    await manifestsOf(previous),
  );
  await untilServed(cluster.plane, "applications.mooring.dev");
  await replaceController("old", "pod-c");
  await allLooked();
  expect(await writesSince(mark)).toEqual([]);
  expect(await deployed()).toEqual(before);
});

test.each(["old", "current"] as const)(
  "what a later release's CRD takes and the %s release does not know is told, and the others go on",
  async (which) => {
    if (which === "current") {
      await controller.end("SIGTERM");
      await replaceController("current", "pod-d");
    }
    // As that CRD could be: one more mode.
    const path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/mode/enum";
    const patch = JSON.stringify([
      { op: "replace", path, value: ["observe", "warn", "enforce", "rehearse"] },
    ]);
    await cluster.plane.kubectl([
      ...["patch", "crd/applications.mooring.dev", "--type=json", `--patch=${patch}`],
    ]);
    const mark = await cluster.audit.mark();
    await waitFor("the CRD to take it", () =>
      app("plain")
        .configure({ mode: "rehearse" })
        .then(() => true),
    );
    const { message } = await app("plain").condition("Stalled", "True", "InvalidSpec", deadlineMs);
    expect(message).toContain("mode");
    await app("overlay").refresh(deadlineMs);
    await app("overlay").ready(undefined, deadlineMs);
    expect(await writesSince(mark)).toEqual([]);
    await app("plain").configure({ mode: "enforce" });
    await app("plain").ready(undefined, deadlineMs);
    expect(conditionOf(await app("plain").get(), "Stalled")?.status).toBe("False");
  },
);
