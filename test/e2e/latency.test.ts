import { afterAll, beforeAll, expect, test } from "vitest";
import { deployment, manifest } from "./harness/manifests.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ nodes: 2 });
});
afterAll(() => world?.stop());

const applications = 20;
const promisedMs = 45_000;

const web = (tag: string) => ({
  "deploy/web.yaml": manifest(deployment("web", { replicas: 1, image: `example.com/app:${tag}` })),
});

test("a push is healthy within 45 s without a webhook, worst of 20 at the default interval", async () => {
  const apps = await Promise.all(
    Array.from({ length: applications }, async (_, index) => {
      const tenant = await world.createTenant(`team-${index}`);
      // Without an interval, the CRD's default is taken.
      const app = await tenant.application("shop", {
        files: web("1"),
        spec: { interval: undefined },
      });
      expect((await app.ready(undefined, promisedMs)).spec.interval).toBe("20s");
      return app;
    }),
  );
  const took = await Promise.all(
    apps.map(async (app) => {
      const commit = await app.commit(web("2"));
      const pushed = performance.now();
      const { status } = await app.ready(commit, promisedMs);
      expect(status).toMatchObject({ sync: "Synced", health: "Healthy" });
      return performance.now() - pushed;
    }),
  );
  expect(Math.max(...took)).toBeLessThanOrEqual(promisedMs);
});
