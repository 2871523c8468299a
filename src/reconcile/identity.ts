/** In whose name an application's requests are made (invariant 15). */
import type { ApplyContext } from "../apply/context.ts";
import { Objects } from "../cluster/objects.ts";
import { type Identity, serviceAccountIdentity } from "../cluster/transport.ts";
import type { Application } from "../model/application.ts";
import { Problem } from "../model/problem.ts";
import type { Environment } from "./environment.ts";
import type { ApplicationState } from "./state.ts";

/** The ServiceAccount whose rights the application has; the controller's own only in its own namespace. */
export function identityOf(application: Application, env: Environment): Identity | undefined {
  const name = application.spec.serviceAccountName ?? env.config.defaultServiceAccount;
  if (name !== undefined) return serviceAccountIdentity(application.namespace, name);
  if (application.namespace === env.config.namespace) return undefined;
  throw new Problem(
    "ServiceAccountMissing",
    "the application names no ServiceAccount, and the controller has no default one",
  );
}

/** What carrying out a plan of this application needs. */
export function applyContext(
  state: ApplicationState,
  identity: Identity | undefined,
  env: Environment,
  signal: AbortSignal,
): ApplyContext {
  return {
    objects: new Objects(env.transport(state), identity),
    identity,
    ownership: state.ownership,
    applicationOf: env.applicationOf,
    disallowedManagers: env.config.disallowedManagers,
    parallel: env.config.maxInFlight,
    signal,
    learn: (object, resource) => env.live.learn(object, resource),
    view: (object, resource) => env.live.view(object, resource),
    sees: (resource) => env.live.knowledge(resource).state === "known",
    forget: (live) => env.live.forget(live.ref, live.uid),
    baseline: (key, claim) => {
      state.baselines.set(key, claim);
    },
  };
}
