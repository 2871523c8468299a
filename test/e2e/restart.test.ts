/** A controller that starts anew while nothing newer can be had holds on to what is deployed. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { startGitServer } from "../git/server.ts";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { inWords } from "./harness/audit.ts";
import { configMap, manifest } from "./harness/manifests.ts";
import { chart, configMapTemplate } from "./harness/sources.ts";
import { conditionOf, type TestApplication } from "./harness/status.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const broken = { "deploy/settings.yaml": "kind: [" };
const first = {
  "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue" })),
  "deploy/more.yaml": manifest(configMap("more", { n: "1" })),
};

/** While the controller is away. */
async function restart(
  meanwhile: () => Promise<unknown>,
  flags: readonly string[] = [],
): Promise<void> {
  await world.controller.end("SIGKILL");
  await meanwhile();
  world.controller = await world.controllers.start({ flags });
}

async function paint(namespace: string, colour: string): Promise<void> {
  await world.api.patch("ConfigMap", namespace, "settings", { data: { colour } });
}

async function painted(namespace: string, colour: string): Promise<void> {
  await waitFor(
    `${namespace}/settings to be ${colour}`,
    async () => (await world.api.read("ConfigMap", namespace, "settings")).data.colour,
    (seen) => seen === colour,
  );
}

function is(app: TestApplication, type: string, status: string, reason?: string): boolean {
  const condition = conditionOf(app, type);
  return condition?.status === status && (reason === undefined || condition.reason === reason);
}

/** Stopped by this problem, and knowing what is deployed. */
function stopped(app: ApplicationHandle, problem: string): Promise<TestApplication> {
  return app.until(
    `${problem}, healthy and without drift`,
    (seen) =>
      is(seen, "Ready", "False", problem) &&
      is(seen, "Healthy", "True") &&
      is(seen, "Drifted", "False"),
  );
}

test("what is deployed is healed after a restart at a commit that does not render, and nothing is pruned", async () => {
  const tenant = await world.createTenant("broken");
  const app = await tenant.application("shop", { files: first });
  const reported = await tenant.application("reported", {
    files: { "deploy/told.yaml": manifest(configMap("told", { colour: "blue" })) },
    spec: { selfHeal: false },
  });
  const watched = await tenant.application("watched", {
    files: { "deploy/watched.yaml": manifest(configMap("watched", {})) },
    spec: { mode: "observe" },
  });
  await Promise.all([app.ready(), reported.ready(), watched.condition("Drifted", "True")]);
  const good = await app.repository.resolve("main");
  const mark = await world.audit.mark();
  await restart(async () => {
    for (const one of [app, reported, watched])
      await one.commit({ ...broken, "deploy/more.yaml": null });
    // As a drift that nobody saw.
    await paint("broken", "red");
    await world.api.patch("ConfigMap", "broken", "told", { data: { colour: "red" } });
  });
  await painted("broken", "blue");
  const seen = await stopped(app, "InvalidManifest");
  expect(seen.status).toMatchObject({
    revision: `main@sha1:${good}`,
    health: "Healthy",
    objects: { total: 2, healthy: 2, drifted: 0 },
  });
  await paint("broken", "black");
  await painted("broken", "blue");
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([
    "patch configmaps broken/settings",
    "patch configmaps broken/settings",
  ]);
  await reported.condition("Drifted", "True");
  const other = await watched.until("the problem", (one) =>
    is(one, "Ready", "False", "InvalidManifest"),
  );
  expect(is(other, "Drifted", "True")).toBe(true);

  const mended = await app.push({ "deploy/settings.yaml": first["deploy/settings.yaml"] });
  await app.ready(mended);
  expect(await world.api.get("ConfigMap", "broken", "more")).toBeUndefined();
});

test("of a revision that was applied in part nothing is taken back, and what is let alone is told", async () => {
  const tenant = await world.createTenant("partial");
  const app = await tenant.application("shop", { files: first });
  await app.ready();
  const good = await app.repository.resolve("main");
  // Its first object is applied; the second is refused.
  await app.push({
    "deploy/settings.yaml": manifest(configMap("settings", { colour: "green" })),
    "deploy/more.yaml": manifest({ ...configMap("more", {}), data: { n: 1 } }),
  });
  await painted("partial", "green");
  await app.condition("Stalled", "True");
  await restart(() => app.commit(broken));
  const seen = await app.until(
    "what is let alone",
    (one) =>
      is(one, "Ready", "False", "InvalidManifest") &&
      one.status?.problems?.[0]?.name === "settings",
  );
  expect(seen.status?.problems).toMatchObject([{ name: "settings", state: "not-attempted" }]);
  expect(seen.status?.problems?.[0]?.message).toContain(
    `nothing proves that it is of main@sha1:${good}`,
  );
  await world.api.patch("ConfigMap", "partial", "more", { data: { n: "7" } });
  await waitFor(
    "the other object to be healed",
    async () => (await world.api.read("ConfigMap", "partial", "more")).data.n,
    (n) => n === "1",
  );
  await painted("partial", "green");
});

test("when not even what is deployed can be had, health and drift are unknown, and known again later", async () => {
  await using git = await startGitServer();
  const tenant = await world.createTenant("away");
  const app = await tenant.application("shop", { files: first, git });
  await app.ready();
  await restart(async () => git.behave({ kind: "status", status: 503 }));
  const seen = await app.until(
    "unknown",
    (one) =>
      is(one, "Healthy", "Unknown", "SourceUnreachable") &&
      is(one, "Drifted", "Unknown", "SourceUnreachable"),
  );
  expect(seen.status?.health).toBe("Unknown");
  expect(conditionOf(seen, "Healthy")?.message).toContain("Not known since the controller started");
  git.behave({ kind: "serve" });
  await app.refresh();
  await app.ready();
});

test("a chart that waits for an API group is healed after a restart, as far as it renders the same without it", async () => {
  const tenant = await world.createTenant("chart");
  const app = await tenant.application("shop", {
    files: chart("deploy", {
      templates: { "settings.yaml": configMapTemplate("settings", { colour: "blue" }) },
    }),
  });
  await app.ready();
  const service = {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: "v1.nobody.example" },
    spec: {
      group: "nobody.example",
      version: "v1",
      groupPriorityMinimum: 1000,
      versionPriority: 15,
      service: { name: "nobody", namespace: "default", port: 443 },
    },
  };
  const serveByNobody = async () => {
    await world.plane.kubectl(["apply", "-f", "-"], JSON.stringify(service));
    await waitFor(
      "the group to be served by nobody",
      () => world.plane.kubectl(["get", "--raw", "/apis"]),
      (groups) => groups.includes("nobody.example"),
    );
  };
  await restart(serveByNobody, ["--discovery-interval", "2s"]);
  await stopped(app, "ApiUnavailable");
  await paint("chart", "red");
  await painted("chart", "blue");
  await world.plane.kubectl(["delete", "apiservice", "v1.nobody.example"]);
  await app.ready(undefined, 60_000);
});
