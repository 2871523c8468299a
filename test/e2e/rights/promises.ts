/** What breaks without a rule, by the rule's words. */
import { expect } from "vitest";
import type { ApplicationHandle } from "../harness/application-handle.ts";
import { configMap, manifest } from "../harness/manifests.ts";
import type { Tenant } from "../harness/tenant.ts";
import { waitFor } from "../harness/wait.ts";
import type { Attempt } from "./controller.ts";
import type { Grant } from "./variant.ts";

/**
 * Brings about what is refused, and asserts what does not happen.
 * @returns what is left to assert once the refusal is in the audit log
 */
type Breach = (
  controller: Attempt,
  tenants: readonly Tenant[],
) => Promise<(() => Promise<void>) | undefined>;

let made = 0;

function application(tenant: Tenant): Promise<ApplicationHandle> {
  made += 1;
  const object = configMap(`settings-${made}`, { colour: "blue" });
  return tenant.application(`app-${made}`, { files: { "deploy/a.yaml": manifest(object) } });
}

function told(controller: Attempt, text: string): Promise<string> {
  return waitFor(`the log to say "${text}"`, controller.log, (log) => log.includes(text));
}

function refusesToStart(verb: string): Breach {
  return async (controller) => {
    const { code } = await controller.child.ended;
    expect(code).toBe(1);
    await told(controller, `mooring-installation: the controller may not ${verb} it`);
    return undefined;
  };
}

const seesNoApplications: Breach = async (controller) => {
  await told(controller, "watch of Applications lost");
  expect(await controller.readiness()).toBe(503);
  return undefined;
};

const breaches: Readonly<Record<string, Breach>> = {
  "get,create,patch leases": async (controller) => {
    await told(controller, "the Lease could not be read or renewed");
    expect(await controller.log()).not.toContain("Lease acquired");
    return undefined;
  },
  "get secrets mooring-installation": refusesToStart("get"),
  "create secrets": refusesToStart("create"),
  "get,patch applications": async (controller, tenants) => {
    await controller.ready();
    const apps = await Promise.all(tenants.map(application));
    for (const app of apps) {
      const { message } = await app.condition("Stalled", "True", "Forbidden");
      expect(message).toContain("ServiceAccount mooring-system/mooring may not patch applications");
    }
    return undefined;
  },
  "patch applications/status": async (controller, tenants) => {
    await controller.ready();
    const apps = await Promise.all(tenants.map(application));
    return async () => {
      for (const app of apps) expect((await app.get()).status?.conditions).toBeUndefined();
    };
  },
  "create events": async (controller, tenants) => {
    await controller.ready();
    const apps = await Promise.all(tenants.map(application));
    for (const app of apps) await app.condition("Synced", "True");
    await told(controller, "an Event could not be written");
    return async () => {
      for (const app of apps) expect(await app.events()).toEqual([]);
      expect(await controller.metrics()).toMatch(/mooring_events_total\{result="lost"\} [1-9]/);
    };
  },
  "list,watch *": seesNoApplications,
  "list,watch applications": seesNoApplications,
  "list,watch customresourcedefinitions": async (controller) => {
    await controller.ready();
    await told(controller, "watch of CRDs lost");
    return undefined;
  },
  "impersonate serviceaccounts deployer": async (controller, tenants) => {
    await controller.ready();
    const apps = await Promise.all(tenants.map(application));
    for (const app of apps) {
      const { message } = await app.condition("Stalled", "True", "Forbidden");
      expect(message).toContain(`may not impersonate ServiceAccount ${app.namespace}/deployer`);
    }
    return undefined;
  },
};

/** @throws Error for a rule of which nobody says what it is for */
export function breachWithout({ rule }: Grant): Breach {
  const { verbs, resources, resourceNames = [] } = rule;
  const words = [verbs.join(","), resources.join(","), ...resourceNames].join(" ");
  const breach = breaches[words];
  if (breach === undefined) throw new Error(`nobody says what breaks without ${words}`);
  return breach;
}
