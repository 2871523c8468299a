/** A cluster to look at: Applications and what they deployed, as a controller would have left them. */
import { ownershipOf } from "../../../src/plan/ownership.ts";
import type { ControlPlane } from "../../cluster/control-plane.ts";

/** Ages of what the apiserver stamps itself are 8y: from here on kubectl says nothing finer. */
export const now = new Date(Date.now() + 3_000 * 86_400_000);
const ago = (seconds: number) =>
  `${new Date(now.getTime() - seconds * 1000).toISOString().slice(0, 19)}Z`;
const [minute, hour, day] = [60, 3_600, 86_400];
/** Whoever can push or write an object can write these. */
const hostile = "\u001b[31mred\u001b[0m \u009b2J\u202eexe.txt\r\nnext";
export const sentinel = "hunter2-sentinel";
const commits = ["a", "b", "c", "d"].map((letter) => letter.repeat(40));
export const longName = "the-longest-name-of-an-application-that-still-fits-into-a-label";

/** Every object and status that the reading verbs show. */
export async function populate(plane: ControlPlane): Promise<void> {
  const [a = "", b = "", c = "", d = ""] = commits;
  await createIn(
    plane,
    ...["shop", "team-b"].map((name) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    })),
  );
  await createIn(
    plane,
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace: "shop", name: "default" } },
    application("web", { mode: "enforce", owner: "team-shop" }),
    application("broken", { mode: "enforce", owner: "team-shop" }),
    application("looks-only", { mode: "warn", suspend: true }),
    application(longName, { mode: "enforce", owner: "team-b" }, "team-b"),
  );
  const labels = {
    "applyset.kubernetes.io/part-of": ownershipOf({ namespace: "shop", name: "web" }).id,
  };
  const pod = { containers: [{ name: "app", image: "example.com/web:1" }] };
  const selector = { matchLabels: { app: "web" } };
  const template = { metadata: { labels: { app: "web" } }, spec: pod };
  const meta = (name: string) => ({ namespace: "shop", name, labels });
  await createIn(
    plane,
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: meta("web"),
      spec: { replicas: 2, selector, template },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: meta("web"),
      spec: { ports: [{ port: 80 }], clusterIP: "None" },
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata: meta("settings"), data: { a: "1" } },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: meta("login"),
      data: { password: Buffer.from(sentinel).toString("base64") },
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        namespace: "shop",
        name: "by-argo",
        annotations: { "argocd.argoproj.io/tracking-id": "billing:/ConfigMap:shop/by-argo" },
      },
    },
  );
  const owned = (apiVersion: string, kind: string, name: string, uid: string) => ({
    ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
  });
  const deployment = owned("apps/v1", "Deployment", "web", await uidIn(plane, "deployment", "web"));
  const service = owned("v1", "Service", "web", await uidIn(plane, "service", "web"));
  await createIn(
    plane,
    {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { namespace: "shop", name: "web-5d4cf56db6", ...deployment },
      spec: { replicas: 2, selector, template },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { namespace: "shop", name: "web-x7x2p", ...service },
      addressType: "IPv4",
      endpoints: [],
    },
  );
  const set = owned(
    "apps/v1",
    "ReplicaSet",
    "web-5d4cf56db6",
    await uidIn(plane, "replicaset", "web-5d4cf56db6"),
  );
  await createIn(
    plane,
    ...["web-5d4cf56db6-4zr2q", "web-5d4cf56db6-5qbg8"].map((name) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { namespace: "shop", name, labels: { app: "web" }, ...set },
      spec: pod,
    })),
  );
  await setStatusIn(plane, "deployment", "web", {
    observedGeneration: 1,
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 1,
    availableReplicas: 1,
    unavailableReplicas: 1,
  });
  await setStatusIn(plane, "replicaset", "web-5d4cf56db6", {
    observedGeneration: 1,
    replicas: 2,
    readyReplicas: 1,
    availableReplicas: 1,
  });
  const started = { conditions: [{ type: "Ready", status: "True" }], phase: "Running" };
  await setStatusIn(plane, "pod", "web-5d4cf56db6-4zr2q", started);
  await setStatusIn(plane, "application", "web", {
    observedGeneration: 1,
    sync: "Synced",
    health: "Progressing",
    revision: `main@sha1:${d}`,
    commit: {
      id: d,
      author: "Ada Lovelace",
      message: `Greet ${hostile}`,
      time: ago(10 * minute + 40),
    },
    conditions: [
      condition(
        "Ready",
        "False",
        "Progressing",
        "Deployment.apps shop/web: 1 of 2 replicas available.",
      ),
    ],
    history: [
      entry(d, 10 * minute, "Deployed", `Greet ${hostile}`),
      entry(
        c,
        3 * hour,
        "Failed",
        "A version that never became healthy, with a message that goes on for longer than a terminal is wide",
      ),
      entry(b, 30 * hour, "Superseded", "Two in a row"),
      entry(a, 40 * day, "Healthy", "First", 95),
    ],
    lastDrift: {
      group: "apps",
      kind: "Deployment",
      namespace: "shop",
      name: "web",
      fields: ["spec.replicas"],
      manager: "kubectl-edit",
      time: ago(2 * hour),
      healed: true,
    },
  });
  await setStatusIn(plane, "application", "broken", {
    observedGeneration: 1,
    sync: "OutOfSync",
    health: "Degraded",
    revision: `main@sha1:${a}`,
    conditions: [
      condition(
        "Ready",
        "False",
        "ApplyRefused",
        `Deployment.apps shop/api: spec.replicas: ${hostile}. Correct the field in Git.`,
      ),
    ],
    problems: [
      {
        group: "apps",
        kind: "Deployment",
        namespace: "shop",
        name: "api",
        state: "failed",
        message: `spec.replicas: ${hostile}`,
      },
    ],
  });
  await setStatusIn(
    plane,
    "application",
    longName,
    { sync: "Synced", health: "Healthy", revision: `main@sha1:${b}` },
    "team-b",
  );
  const regarding = {
    apiVersion: "mooring.dev/v1alpha1",
    kind: "Application",
    namespace: "shop",
    name: "web",
  };
  const told = (name: string, at: number, type: string, reason: string, note: string) => ({
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace: "shop", name },
    // MicroTime wants six digits.
    eventTime: ago(at).replace("Z", ".000000Z"),
    reportingController: "mooring.dev/controller",
    reportingInstance: "replica-0",
    action: "Sync",
    regarding,
    type,
    reason,
    note,
  });
  const events = [
    told(
      "web.2",
      2 * minute,
      "Warning",
      "Degraded",
      `Deployment.apps shop/web: 1 of 2 replicas available; it says ${hostile}. If it stays so, see kubectl get pods -n shop.`,
    ),
    told("web.1", 10 * minute, "Normal", "Synced", `At revision main@sha1:${d}. 4 created.`),
    {
      ...told("other.1", minute, "Normal", "Synced", "Of another one."),
      regarding: { ...regarding, name: "other" },
    },
  ];
  // Server-side apply is YAML, which has no control characters.
  await plane.kubectl(["create", "-f", "-"], listOf(events));
}

/** Server-side, so that who manages which field is what is written here, whatever the version's defaults. */
export async function createIn(plane: ControlPlane, ...objects: readonly object[]): Promise<void> {
  await plane.kubectl(
    ["apply", "--server-side", "--field-manager=author", "-f", "-"],
    listOf(objects),
  );
}

function listOf(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

async function setStatusIn(
  plane: ControlPlane,
  kind: string,
  name: string,
  status: object,
  namespace = "shop",
) {
  await plane.kubectl([
    ...["patch", kind, name, "-n", namespace, "--subresource=status", "--type=merge"],
    ...["-p", JSON.stringify({ status })],
  ]);
}

async function uidIn(plane: ControlPlane, kind: string, name: string): Promise<string> {
  return plane.kubectl(["get", kind, name, "-n", "shop", "-o=jsonpath={.metadata.uid}"]);
}

function application(name: string, spec: object = {}, namespace = "shop") {
  const { id } = ownershipOf({ namespace, name });
  return {
    apiVersion: "mooring.dev/v1alpha1",
    kind: "Application",
    metadata: {
      namespace,
      name,
      labels: { "applyset.kubernetes.io/id": id, team: "shop" },
      annotations: {
        "applyset.kubernetes.io/tooling": "mooring/v1",
        "applyset.kubernetes.io/contains-group-kinds":
          name === "web" ? "ConfigMap,Deployment.apps,Secret,Service,Widget.shop.example" : "",
        "mooring.dev/refresh": "look-7",
        "team.example/contact": "#shop",
      },
      finalizers: ["mooring.dev/deletion-policy"],
    },
    spec: {
      source: {
        git: { url: `https://git.example/${namespace}/${name}.git`, ref: { branch: "main" } },
        path: "deploy",
      },
      ...spec,
    },
  };
}

function condition(type: string, status: string, reason: string, message: string) {
  const lastTransitionTime = ago(5 * minute);
  return { type, status, reason, message, observedGeneration: 1, lastTransitionTime };
}

function entry(commit: string, at: number, result: string, message: string, healthyAfter?: number) {
  return {
    revision: `main@sha1:${commit}`,
    author: "Ada Lovelace",
    message,
    committedAt: ago(at + 40),
    deployedAt: ago(at),
    ...(healthyAfter === undefined ? {} : { healthyAt: ago(at - healthyAfter) }),
    result,
  };
}
