/** The record of what an application owns, and what happens when somebody tampers with it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { configMap, manifest, service } from "./harness/manifests.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const groupKinds = "applyset.kubernetes.io/contains-group-kinds";
const files = Object.fromEntries(
  ["a", "b", "c", "d", "e"].map((name) => [
    `deploy/${name}.yaml`,
    manifest(configMap(name, { v: "1" })),
  ]),
);

test("the record names a kind before its first object is written, and forgets it once the last is gone", async () => {
  const tenant = await world.createTenant("record");
  const app = await tenant.application("shop", { files });
  await app.ready();
  expect((await app.get()).metadata.annotations?.[groupKinds]).toBe("ConfigMap");

  const mark = await world.audit.mark();
  await app.deploy({ "deploy/web.yaml": manifest(service("web")) });
  const writes = (await world.audit.writesSince(mark)).map(({ objectRef }) => objectRef?.resource);
  expect(writes.indexOf("applications")).toBeLessThan(writes.indexOf("services"));
  expect((await app.get()).metadata.annotations?.[groupKinds]).toBe("ConfigMap,Service");

  await app.deploy({ "deploy/web.yaml": null });
  await app.until(
    "the record without Service",
    ({ metadata }) => metadata.annotations?.[groupKinds] === "ConfigMap",
  );
});

test("a record that was lost is rebuilt from the cluster before anything is pruned", async () => {
  const tenant = await world.createTenant("lost");
  const app = await tenant.application("shop", {
    files: { ...files, "deploy/web.yaml": manifest(service("web")) },
  });
  await app.ready();
  // While nobody looks: the last Service leaves the source, and the record is gone.
  await app.configure({ suspend: true });
  await app.condition("Synced", "Unknown", "Suspended");
  await app.commit({ "deploy/web.yaml": null });
  await app.annotate({ [groupKinds]: null });
  await app.configure({ suspend: false });
  await waitFor(
    "the Service to be pruned",
    () => world.api.get("Service", "lost", "web"),
    (found) => found === undefined,
  );
  await app.ready();
  expect(await world.api.get("ConfigMap", "lost", "a")).toBeDefined();
});

test("kubectl refuses to prune a set of ours", async () => {
  const tenant = await world.createTenant("refusing");
  const app = await tenant.application("shop", { files });
  await app.ready();
  const prune = world.plane.kubectl(
    [
      ...["apply", "--server-side", "--prune", "-n", "refusing"],
      ...["--applyset=applications.mooring.dev/shop", "-f", "-"],
    ],
    JSON.stringify(configMap("other", { v: "1" })),
  );
  await expect(prune).rejects.toThrow(/tooling|managed by/i);
  expect(await world.api.get("ConfigMap", "refusing", "a")).toBeDefined();
});

test("an object that another writer sets again and again is healed ever more slowly, and the writer is named", async () => {
  const tenant = await world.createTenant("fight");
  const app = await tenant.application("shop", { files });
  await app.ready();
  const rival = () =>
    world.plane.kubectl(
      [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=rival",
        "-n",
        "fight",
        "-f",
        "-",
      ],
      JSON.stringify(configMap("a", { v: "2" })),
    );
  const isTold = ({ status }: Awaited<ReturnType<typeof app.get>>) =>
    status?.problems?.some(({ name, message }) => name === "a" && /changes it back/.test(message));
  // The first heals are immediate. How fast the rival is decides which of the later ones waits.
  let heals = 0;
  await waitFor(
    "the fight to be told",
    async () => {
      await rival();
      const seen = await waitFor(
        "a heal, or the fight told",
        async () => {
          const [object, application] = await Promise.all([
            world.api.read("ConfigMap", "fight", "a"),
            app.get(),
          ]);
          return { healed: object.data.v === "1", told: isTold(application) === true };
        },
        ({ healed, told }) => healed || told,
      );
      if (!seen.told) heals += 1;
      return seen.told;
    },
    (told) => told,
    60_000,
  );
  expect(heals).toBeGreaterThanOrEqual(4);
  const drifted = await app.condition("Drifted", "True");
  expect(drifted.message).toContain("rival");
  const { status } = await app.get();
  const told = status?.problems?.find(({ name }) => name === "a");
  expect(told?.message).toMatch(/rival changes it back/);
  expect(told?.message).toMatch(/ignoreDifferences/);
  // Damped, not given up: once the other one is gone it is healed.
  await waitFor(
    "the damped heal",
    () => world.api.read("ConfigMap", "fight", "a"),
    ({ data }) => data.v === "1",
    60_000,
  );
  await app.condition("Drifted", "False");
});
