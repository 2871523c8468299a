import { afterAll, beforeAll, expect, test } from "vitest";
import { type GitServer, startGitServer } from "../git/server.ts";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { configMap, manifest } from "./harness/manifests.ts";
import { conditionOf } from "./harness/status.ts";
import type { Tenant } from "./harness/tenant.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

/** A server of the bad tenant's own: it may hang as a whole. */
let hostile: GitServer;
let world: World;
let good: Tenant;
let witness: ApplicationHandle;
beforeAll(async () => {
  hostile = await startGitServer();
  // Few workers: whoever kept one would be noticed. The Git timeout is the default.
  world = await startWorld({ controller: { flags: ["--concurrency", "4"] } });
  good = await world.createTenant("good");
  witness = await good.application("witness", { files: files("1") });
  await witness.ready();
});
afterAll(async () => {
  await world?.stop();
  await hostile?.stop();
});

/** What a Pod gets to end (terminationGracePeriodSeconds); less than a Git timeout. */
const graceMs = 30_000;

/** More than there are workers. */
const many = 12;
const files = (v: string) => ({ "deploy/settings.yaml": manifest(configMap("settings", { v })) });

/** The good tenant's installs, deploys, heals and deletions go on. */
async function goodGoesOn(round: string): Promise<void> {
  await witness.deploy(files(round));
  await world.api.patch("ConfigMap", "good", "settings", { data: { v: "red" } });
  await waitFor(
    "the heal",
    () => world.api.read("ConfigMap", "good", "settings"),
    ({ data }) => data.v === round,
  );
  const fresh = await good.application(`fresh-${round}`, {
    files: { "deploy/own.yaml": manifest(configMap(`own-${round}`, {})) },
  });
  await fresh.ready();
  await fresh.delete();
  await fresh.gone();
}

async function hostileApplications(
  name: string,
  ref: (commit: string) => Record<string, string>,
): Promise<ApplicationHandle[]> {
  const tenant = await world.createTenant(name);
  return await Promise.all(
    Array.from({ length: many }, async (_, index) => {
      const one = await tenant.application(`app-${index}`, {
        files: { "deploy/own.yaml": manifest(configMap(`own-${index}`, {})) },
        git: hostile,
        spec: { suspend: true },
      });
      const commit = await one.repository.resolve("main");
      await one.configure({
        suspend: false,
        source: { git: { ref: { branch: null, ...ref(commit) } } },
      });
      return one;
    }),
  );
}

test("repositories that never answer hold up nobody else, also after a restart", async () => {
  hostile.behave({ kind: "hang" });
  const apps = await hostileApplications("deaf", () => ({ branch: "main" }));
  await waitFor(
    "all of them to be asked",
    () => hostile.counts().requests,
    (asked) => asked >= many,
  );
  await goodGoesOn("2");
  await world.controller.end("SIGTERM");
  world.controller = await world.controllers.start({ flags: ["--concurrency", "4"] });
  await goodGoesOn("3");
  hostile.behave({ kind: "serve" });
  for (const app of apps) await app.delete();
});

test("repositories that stop in the middle of a fetch hold up nobody else, and the controller still ends in time", async () => {
  hostile.resetCounts();
  hostile.behave({ kind: "hang" });
  // A pinned commit needs no look at the refs: the fetch is the first request.
  const apps = await hostileApplications("stuck", (commit) => ({ commit }));
  await waitFor(
    "some of them to be fetched",
    () => hostile.counts().requests,
    (asked) => asked >= 4,
  );
  await goodGoesOn("4");
  expect(conditionOf(await (apps[0] as ApplicationHandle).get(), "Ready")?.status).not.toBe("True");
  let code: number | null | undefined;
  void world.controller.end("SIGTERM").then((ended) => {
    code = ended;
  });
  await waitFor(
    "its exit",
    () => code,
    (ended) => ended !== undefined,
    graceMs,
  );
  expect(code).toBe(0);
  world.controller = await world.controllers.start({
    flags: ["--concurrency", "4", "--git-timeout", "4s"],
  });
  for (const app of apps) await app.condition("Ready", "False", "SourceUnreachable");
  await goodGoesOn("5");
  hostile.behave({ kind: "serve" });
  for (const app of apps) await app.annotate({ "mooring.dev/refresh": "served" });
  for (const app of apps) await app.ready();
});

test("while a new revision is not to be had, drift from the deployed one is healed, and Ready does not claim the new one", async () => {
  await world.controller.end("SIGTERM");
  world.controller = await world.controllers.start({ flags: ["--git-timeout", "8s"] });
  const tenant = await world.createTenant("between");
  const app = await tenant.application("shop", { files: files("1"), git: hostile });
  await app.ready();
  const settings = () => world.api.read("ConfigMap", "between", "settings");
  const next = await app.commit(files("2"));
  hostile.behave({ kind: "hang" }, "between/shop");
  await app.configure({ source: { git: { ref: { branch: null, commit: next } } } });
  // All of it as it was at one moment: the fetch is given up soon.
  const between = await app.until(`Fetching ${next}`, (seen) => {
    const { status, reason } = conditionOf(seen, "Reconciling") ?? {};
    return status === "True" && reason === "Fetching";
  });
  expect(conditionOf(between, "Reconciling")?.message).toContain(next);
  expect(conditionOf(between, "Ready")?.status).toBe("Unknown");
  expect(between.status?.revision).not.toContain(next);
  await world.api.patch("ConfigMap", "between", "settings", { data: { v: "red" } });
  await waitFor("the heal", settings, ({ data }) => data.v === "1");
  hostile.behave({ kind: "serve" }, "between/shop");
  await app.condition("Ready", "False", "SourceUnreachable");
  await app.ready(next);
  expect((await settings()).data.v).toBe("2");
});

test.each([
  ["cannot be fetched", { kind: "status", status: 503 } as const, files("2"), "SourceUnreachable"],
  [
    "cannot be read",
    { kind: "serve" } as const,
    { "deploy/settings.yaml": "a: [" },
    "InvalidManifest",
  ],
])(
  "while a new revision %s, drift from the deployed one is healed, each time",
  async (what, behaviour, broken, reason) => {
    const namespace = what.replaceAll(" ", "-");
    const tenant = await world.createTenant(namespace);
    const app = await tenant.application("shop", { files: files("1"), git: hostile });
    await app.ready();
    const next = await app.commit(broken);
    hostile.behave(behaviour, `${namespace}/shop`);
    await app.configure({ source: { git: { ref: { branch: null, commit: next } } } });
    await app.condition("Ready", "False", reason);
    for (const edit of ["red", "blue", "green"]) {
      await world.api.patch("ConfigMap", namespace, "settings", { data: { v: edit } });
      await waitFor(
        `the heal of ${edit}`,
        () => world.api.read("ConfigMap", namespace, "settings"),
        ({ data }) => data.v === "1",
      );
    }
  },
);
