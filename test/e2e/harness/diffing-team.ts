/** A tenant, and a person who may deploy to its namespace and asks what would change there. */
import type { ApplicationHandle } from "./application-handle.ts";
import { type CommandOptions, mooring, type Said } from "./command.ts";
import { person } from "./person.ts";
import type { Tenant } from "./tenant.ts";
import type { World } from "./world.ts";

/** What such a person may do. */
export const deploying = [
  {
    apiGroups: ["", "apps", "shop.example"],
    resources: ["configmaps", "secrets", "services", "deployments", "statefulsets", "gadgets"],
    verbs: ["get", "list", "create", "patch"],
  },
  { apiGroups: ["mooring.dev"], resources: ["applications"], verbs: ["get"] },
];

export interface DiffingTeam {
  tenant: Tenant;
  /** `mooring diff` in its namespace, by that person unless another kubeconfig is given. */
  diff(args: readonly string[], options?: Partial<CommandOptions>): Promise<Said>;
}

/**
 * @param cwd where its person calls the command
 * @param rules what the person, `dev-of-<name>`, may do
 */
export async function diffingTeam(
  world: World,
  cwd: string,
  name: string,
  rules: readonly object[] = deploying,
): Promise<DiffingTeam> {
  const tenant = await world.createTenant(name);
  const kubeconfig = await person(world, `dev-of-${name}`, name, rules);
  return {
    tenant,
    diff: (args, options = {}) =>
      mooring(["diff", "-n", name, ...args], { kubeconfig, cwd, ...options }),
  };
}

/** @returns an Application of the tenant, once it is synced */
export async function deployed(
  tenant: Tenant,
  ...given: Parameters<Tenant["application"]>
): Promise<ApplicationHandle> {
  const app = await tenant.application(...given);
  await app.condition("Synced", "True", undefined, 60_000);
  return app;
}
