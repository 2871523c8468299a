/** The verbs that write, by somebody who may do no more than get and patch Applications of one namespace. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownershipOf } from "../../src/plan/ownership.ts";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { type CommandOptions, mooring, type Said, withoutChance } from "./harness/command.ts";
import { configMap, manifest } from "./harness/manifests.ts";
import { person } from "./harness/person.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const rbac = "rbac.authorization.k8s.io";
const editing = [
  { apiGroups: ["mooring.dev"], resources: ["applications"], verbs: ["get", "patch"] },
];
const widths = [80, 200] as const;

interface Desk {
  app: ApplicationHandle;
  /** With the rights of the namespace's operator. */
  run(args: readonly string[], options?: Partial<CommandOptions>): Promise<Said>;
  live(name: string): Promise<unknown>;
}

const settings = (v: string) => ({ "deploy/a.yaml": manifest(configMap("a", { v })) });

/** A namespace with an Application `web` that is Ready, and its operator. */
async function desk(
  namespace: string,
  files: Readonly<Record<string, string>> = settings("1"),
  rules: object[] = editing,
): Promise<Desk> {
  const tenant = await world.createTenant(namespace);
  const kubeconfig = await person(world, `op-of-${namespace}`, namespace, rules);
  const app = await tenant.application("web", { files });
  await app.ready(undefined, 60_000);
  return {
    app,
    run: (args, options = {}) => mooring([...args, "-n", namespace], { kubeconfig, ...options }),
    live: async (name) => (await world.api.get("ConfigMap", namespace, name))?.data,
  };
}

/** Every request of a user, as `verb resource`. */
async function requestsOf(user: string): Promise<Set<string>> {
  const lines = (await readFile(world.plane.auditLog, "utf8")).split("\n").filter(Boolean);
  return new Set(
    lines
      .map((line) => JSON.parse(line))
      .filter((entry) => entry.user.username === user && entry.stage === "ResponseComplete")
      .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource} in ${objectRef?.namespace}`),
  );
}

async function managers(app: ApplicationHandle): Promise<string[]> {
  return ((await app.get()).metadata.managedFields ?? []).map(({ manager }) => manager);
}

describe("sync", () => {
  let here: Desk;
  beforeAll(async () => {
    here = await desk("syncing");
  });

  test("deploys what was pushed, and ends with 0 once it is Ready", async () => {
    const id = await here.app.commit(settings("2"));
    const { code, out } = await here.run(["sync", "web"]);
    expect(code).toBe(0);
    expect(out).toBe(
      `syncing/web asked to look at its source\nsyncing/web is Ready at main@${id.slice(0, 10)}, 1 object\n`,
    );
    expect(await here.live("a")).toEqual({ v: "2" });
    expect(await managers(here.app)).toContain("mooring-cli");
  });

  test("takes no other right than to get and patch Applications", async () => {
    expect(await requestsOf("op-of-syncing")).toEqual(
      new Set(["get applications in syncing", "patch applications in syncing"]),
    );
  });

  test("--no-wait does not wait, a dry run changes nothing", async () => {
    const before = (await here.app.get()).metadata.annotations?.["mooring.dev/refresh"];
    const dry = await here.run(["sync", "web", "--dry-run=server"]);
    expect(dry).toMatchObject({ code: 0, out: expect.stringContaining("(server dry run)") });
    expect((await here.app.get()).metadata.annotations?.["mooring.dev/refresh"]).toBe(before);
    expect((await here.run(["sync", "web", "--no-wait"])).code).toBe(0);
    expect((await here.app.get()).metadata.annotations?.["mooring.dev/refresh"]).not.toBe(before);
  });

  test.each(widths)(
    "tells which objects are not fine, and ends with 1: %i columns",
    async (columns) => {
      const role = {
        apiVersion: `${rbac}/v1`,
        kind: "Role",
        metadata: { name: "too-much" },
        rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
      };
      await here.app.commit({ "deploy/role.yaml": manifest(role) });
      const { code, out } = await here.run(["sync", "web"], { columns });
      expect(code).toBe(1);
      await expect(withoutChance(out)).toMatchFileSnapshot(`golden/sync-not-ready-${columns}.txt`);
      await here.app.deploy({ "deploy/role.yaml": null });
    },
  );

  test("a revision that is no good ends with 1", async () => {
    await here.app.commit({ "deploy/a.yaml": "kind: [" });
    const { code, out } = await here.run(["sync", "web"]);
    expect(code).toBe(1);
    expect(out).toContain("syncing/web is not Ready: InvalidManifest: ");
    await here.app.deploy(settings("3"));
  });

  test("one that is suspended is not asked", async () => {
    await here.app.configure({ suspend: true });
    expect(await here.run(["sync", "web"])).toMatchObject({
      code: 1,
      err: "error: syncing/web is suspended, and does nothing: mooring resume web -n syncing\n",
    });
    await here.app.configure({ suspend: false });
  });

  test("what is wrong with a call is told before anything is done", async () => {
    expect((await here.run(["sync"])).code).toBe(2);
    expect(await here.run(["sync", "web", "--timeout", "soon"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("--timeout"),
    });
    expect(await here.run(["sync", "nobody"])).toMatchObject({
      code: 1,
      err: "error: the cluster has no Application syncing/nobody\n",
    });
  });
});

test("a missing right is told with its verb, resource and namespace", async () => {
  const onlyGet = [{ apiGroups: ["mooring.dev"], resources: ["applications"], verbs: ["get"] }];
  const { run, app } = await desk("readers", settings("1"), onlyGet);
  await app.deploy(settings("2"));
  for (const verb of ["sync", "suspend", "rollback"]) {
    expect({ verb, ...(await run([verb, "web"])) }).toEqual({
      verb,
      code: 1,
      out: "",
      err: "error: user op-of-readers may not patch applications.mooring.dev in namespace readers.\n",
    });
  }
  expect((await app.get()).spec.suspend).toBe(false);
});

describe("suspend and resume", () => {
  test.each(widths)(
    "nothing is healed in between; the reason is kept for others, and goes with resume: %i columns",
    async (columns) => {
      const namespace = `pausing-${columns}`;
      const { run, app, live } = await desk(namespace);
      const { code, out, err } = await run(["suspend", "web", "--reason", "incident 4711"], {
        columns,
      });
      expect({ code, out }).toEqual({
        code: 0,
        out: `${namespace}/web suspended: incident 4711\n`,
      });
      expect(err).toContain(`mooring resume web -n ${namespace}`);
      const { metadata, spec } = await app.get();
      expect(spec.suspend).toBe(true);
      expect(metadata.annotations?.["mooring.dev/suspend-reason"]).toBe("incident 4711");
      await app.condition("Ready", "Unknown", "Suspended");
      await world.api.patch("ConfigMap", namespace, "a", { data: { v: "by hand" } });
      expect((await run(["suspend", "web"])).out).toBe(`${namespace}/web is suspended already\n`);
      expect(await live("a")).toEqual({ v: "by hand" });

      expect((await run(["resume", "web", "--dry-run"])).out).toContain("(server dry run)");
      expect((await app.get()).spec.suspend).toBe(true);
      const resumed = await run(["resume", "web"], { columns });
      expect(resumed).toMatchObject({ code: 0, out: `${namespace}/web resumed\n` });
      await expect(
        (out + err + resumed.out + resumed.err).replaceAll(namespace, "pausing"),
      ).toMatchFileSnapshot(`golden/suspend-resume-${columns}.txt`);
      await app.ready();
      expect(await live("a")).toEqual({ v: "1" });
      expect((await app.get()).metadata.annotations).not.toHaveProperty([
        "mooring.dev/suspend-reason",
      ]);
    },
  );

  test("it is said who will put it back", async () => {
    const { run, app } = await desk("kept-by-others");
    const { labels: _, ...spec } = (await app.get()).spec;
    const apply = (labels: Record<string, string>, manager: string, suspend?: boolean) =>
      world.api.patch(
        "Application",
        "kept-by-others",
        "web",
        {
          apiVersion: "mooring.dev/v1alpha1",
          kind: "Application",
          metadata: { name: "web", labels },
          spec: { source: spec.source, ...(suspend === undefined ? {} : { suspend }) },
        },
        { type: "apply", manager, force: true },
      );
    await apply(
      {
        "kustomize.toolkit.fluxcd.io/name": "apps",
        "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
      },
      "kustomize-controller",
      false,
    );
    const told = await run(["suspend", "web"]);
    expect(told.err).toContain(
      "warning: Flux Kustomization flux-system/apps sets spec.suspend of kept-by-others/web, and will put it back",
    );
    const parent = ownershipOf({ namespace: "platform", name: "all" });
    await apply({ "applyset.kubernetes.io/part-of": parent.id }, parent.fieldManager);
    const { err } = await run(["resume", "web"]);
    expect(err).toContain("note: kept-by-others/web is itself kept by another Application");
  });
});

describe("rollback", () => {
  let here: Desk;
  let [first, second] = ["", ""];
  beforeAll(async () => {
    here = await desk("rolling");
    first = (await here.app.get()).status?.commit?.id ?? "";
    second = await here.app.deploy(settings("2"));
  });

  test.each(widths)(
    "goes back to what was healthy before, and stays there until it is ended: %i columns",
    async (columns) => {
      const { code, out, err } = await here.run(["rollback", "web"], { columns });
      expect(code).toBe(0);
      expect(out).toBe(
        `rolling/web is to go back from ${second.slice(0, 10)} to ${first.slice(0, 10)}, until the source has a newer commit\n` +
          `rolling/web is Ready at ${shortOf((await here.app.get()).status?.revision)}, 1 object\n`,
      );
      expect(err).toContain("mooring rollback web -n rolling --end");
      expect(await here.live("a")).toEqual({ v: "1" });
      expect((await here.app.get()).status).toMatchObject({
        rollback: { to: first, skipped: second },
      });

      const ended = await here.run(["rollback", "web", "--end"], { columns });
      expect(ended.code).toBe(0);
      await expect(
        (out + err.replace(/^ {2}.*\n/gm, "") + ended.out)
          .replaceAll(first.slice(0, 10), "<first>")
          .replaceAll(second.slice(0, 10), "<second>"),
      ).toMatchFileSnapshot(`golden/rollback-${columns}.txt`);
      expect(await here.live("a")).toEqual({ v: "2" });
      expect((await here.app.get()).metadata.annotations).not.toHaveProperty([
        "mooring.dev/rollback-to",
      ]);
      expect((await here.run(["rollback", "web", "--end"])).out).toBe(
        "rolling/web is not rolled back\n",
      );
    },
  );

  test("to the beginning of a commit, for some time", async () => {
    const now = () => new Date("2099-01-01T00:00:00Z");
    const { code, out } = await here.run(["rollback", "web", first.slice(0, 8), "--until", "2h"], {
      now,
    });
    expect(code).toBe(0);
    expect(out).toContain("until 2099-01-01T02:00:00Z, or the source has a newer commit");
    expect((await here.app.get()).metadata.annotations).toMatchObject({
      "mooring.dev/rollback-to": first,
      "mooring.dev/rollback-skip": second,
      "mooring.dev/rollback-until": "2099-01-01T02:00:00Z",
    });
    await here.app.deploy(settings("3"));
    expect(await here.live("a")).toEqual({ v: "3" });
  });

  test("what is no revision of it is told with those that are", async () => {
    const { code, err } = await here.run(["rollback", "web", "0000000"]);
    expect(code).toBe(1);
    expect(err).toContain("0000000 is no revision of its history");
    expect(err).toContain(first.slice(0, 10));
    expect(await here.run(["rollback", "web", "--until", "yesterday"])).toMatchObject({ code: 1 });
    await here.app.configure({ mode: "observe" });
    expect((await here.run(["rollback", "web"])).err).toContain("is in mode observe");
    await here.app.configure({ mode: "enforce" });
  });
});

describe("approve", () => {
  const ten = Object.fromEntries(
    Array.from({ length: 10 }, (_, n) => [`deploy/${n}.yaml`, manifest(configMap(`c${n}`, {}))]),
  );
  const without = (...numbers: number[]) =>
    Object.fromEntries(numbers.map((n) => [`deploy/${n}.yaml`, null]));
  let here: Desk;
  const held = async () => (await here.app.get()).status?.heldPrune?.hash ?? "";
  const left = async () => (await world.api.list("ConfigMap", "approving")).length;

  beforeAll(async () => {
    here = await desk("approving", ten);
    await here.app.push(without(0, 1, 2, 3));
    await here.app.condition("Stalled", "True", "PruneHeld");
  });

  test.each(widths)("shows what would go, and asks: %i columns", async (columns) => {
    const { code, out, err } = await here.run(["approve", "web"], { columns, typed: "n\n" });
    expect(code).toBe(1);
    await expect(out.replaceAll(await held(), "<hash>")).toMatchFileSnapshot(
      `golden/approve-${columns}.txt`,
    );
    expect(err).toContain("Delete these 4? [y/N]");
    expect(err).toContain("not approved: nothing was changed");
    expect(await left()).toBe(10);
  });

  test("where nobody can be asked, it has to be said", async () => {
    const { code, err } = await here.run(["approve", "web"]);
    expect(code).toBe(1);
    expect(err).toContain(`add --yes, and --hash ${await held()}`);
    expect(await here.run(["approve", "web", "--yes", "--hash", "0123456789abcdef"])).toMatchObject(
      {
        code: 1,
        err: expect.stringContaining("does not hold the prune 0123456789abcdef"),
      },
    );
    expect(await left()).toBe(10);
  });

  test("a set that changed after it was shown is not approved", async () => {
    const before = await held();
    async function* slowly() {
      await here.app.push(without(4));
      await here.app.until("the larger set", ({ status }) => status?.heldPrune?.count === 5);
      yield "y\n";
    }
    const { code, err } = await here.run(["approve", "web"], { typed: slowly() });
    expect(code).toBe(1);
    expect(err).toContain(
      `does not hold the prune ${before}: it now holds 5 objects (${await held()})`,
    );
    expect(await left()).toBe(10);
  });

  test("exactly what was shown is deleted, though the status was written meanwhile", async () => {
    async function* slowly() {
      await here.app.refresh();
      yield "yes\n";
    }
    const { code, out } = await here.run(["approve", "web"], { typed: slowly() });
    expect(code).toBe(0);
    expect(out).toContain("approving/web is Ready at main@");
    expect(await left()).toBe(5);
    expect((await here.run(["approve", "web", "--yes"])).err).toContain("holds no prune");
  });
});

test("without a controller nobody answers, and that is said", async () => {
  const { run } = await desk("alone");
  await world.controller.end("SIGTERM");
  const { code, err } = await run(["sync", "web", "--timeout", "1s"]);
  expect(code).toBe(1);
  expect(err).toContain("alone/web: no answer within the timeout");
  expect(err).toContain("mooring check");
});

function shortOf(revision = ""): string {
  return revision.replace(/sha1:([0-9a-f]{10})[0-9a-f]{30}/, "$1");
}
