/** Health of objects as real controllers leave them, on simulated nodes. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { healthOf } from "../../../src/health/health.ts";
import type { Health } from "../../../src/model/health.ts";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";

let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane({ nodes: 1, audit: false });
}, 120_000);

afterAll(async () => {
  await plane?.stop();
});

async function apply(object: object): Promise<void> {
  await plane.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(object));
}

function workload(apiVersion: string, kind: string, name: string, image: string, more = {}) {
  const labels = { app: name };
  return {
    apiVersion,
    kind,
    metadata: { name, namespace: "default" },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "web", image }] } },
      ...more,
    },
  };
}

async function health(resource: string): Promise<Health> {
  const text = await plane.kubectl(["get", resource, "-n=default", "-o=json"]);
  return healthOf(JSON.parse(text));
}

/** The first health that the predicate takes; what was seen before it is in the answer. */
async function until(
  resource: string,
  accepts: (health: Health) => boolean,
): Promise<{ last: Health; seen: string[] }> {
  const seen: string[] = [];
  const last = await vi.waitFor(
    async () => {
      const found = await health(resource);
      seen.push(`${found.state}: ${found.message ?? ""}`);
      if (!accepts(found)) throw new Error(`${resource}: ${seen.join("\n")}`);
      return found;
    },
    { timeout: 90_000, interval: 100 },
  );
  return { last, seen };
}

const isHealthy = ({ state }: Health) => state === "Healthy";

test("a Deployment goes from Progressing to Healthy, and back when its image changes", async () => {
  const deployment = (image: string) =>
    workload("apps/v1", "Deployment", "web", image, { replicas: 3, progressDeadlineSeconds: 600 });
  // No Pod can be ready while its node takes none.
  await plane.kubectl(["cordon", "node-0"]);
  await apply(deployment("shop/web:1"));
  await until("deployment/web", ({ message }) =>
    (message ?? "").startsWith("0 of 3 replicas available"),
  );
  await plane.kubectl(["uncordon", "node-0"]);
  await until("deployment/web", isHealthy);

  await apply(deployment("shop/web:broken"));
  const { last } = await until("deployment/web", ({ state }) => state !== "Healthy");
  expect(last.state).toBe("Progressing");
});

test("a Deployment whose Pods crash-loop is Progressing, then Degraded at its deadline; the Pod names its container", async () => {
  const more = { replicas: 1, progressDeadlineSeconds: 8 };
  await apply(workload("apps/v1", "Deployment", "crash", "shop/web:broken", more));
  const { last, seen } = await until("deployment/crash", ({ state }) => state === "Degraded");
  expect(seen[0]).toMatch(/^Progressing/);
  expect(last.message).toMatch(/^0 of 1 replica available; .*timed out progressing/);

  const pod = await plane.kubectl(["get", "pods", "-n=default", "-l=app=crash", "-o=name"]);
  const crashing = await until(pod.trim(), ({ state }) => state === "Degraded");
  expect(crashing.last.message).toMatch(/^container web: CrashLoopBackOff/);
});

test("StatefulSet, DaemonSet and Job become Healthy", async () => {
  await apply(workload("apps/v1", "StatefulSet", "db", "shop/db:1", { replicas: 2 }));
  await apply(workload("apps/v1", "DaemonSet", "agent", "shop/agent:1"));
  const containers = [{ name: "job", image: "shop/job:1" }];
  await apply({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "migrate", namespace: "default" },
    spec: { template: { spec: { restartPolicy: "Never", containers } } },
  });
  for (const resource of ["statefulset/db", "daemonset/agent", "job/migrate"])
    await until(resource, isHealthy);
});

test("Services, budgets, claims and namespaces are judged by what the API writes", async () => {
  const namespace = "default";
  await apply({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "front", namespace },
    spec: { type: "LoadBalancer", ports: [{ port: 80 }] },
  });
  expect(await health("service/front")).toEqual({
    state: "Progressing",
    message: "the load balancer has no address yet",
  });
  await apply({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "web", namespace },
    spec: { minAvailable: 1, selector: { matchLabels: { app: "nothing" } } },
  });
  await until("poddisruptionbudget/web", isHealthy);
  await apply({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  });
  await until("persistentvolumeclaim/data", ({ state }) => state === "Progressing");
  expect((await health("namespace/default")).state).toBe("Healthy");
  expect((await health("apiservice/v1.apps")).state).toBe("Healthy");
});

test("an object that a finalizer holds is being deleted, and the finalizer is named", async () => {
  await apply({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "held", namespace: "default", finalizers: ["example.dev/hold"] },
  });
  await plane.kubectl(["delete", "serviceaccount/held", "-n=default", "--wait=false"]);
  expect(await health("serviceaccount/held")).toEqual({
    state: "Progressing",
    message: "being deleted, held by finalizer example.dev/hold",
  });
});
