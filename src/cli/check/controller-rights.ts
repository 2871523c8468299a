/** The controller's own rights, rule by rule as deploy/ gives them, as far as Applications need them. */
import { installationSecretName } from "../../cluster/installation.ts";
import { group } from "../../model/application.ts";
import type { Cluster } from "../access/cluster.ts";
import type { Installed } from "./controller.ts";
import type { Estate } from "./estate.ts";
import { type Finding, finding, notReviewed } from "./finding.ts";
import { type Access, accessText, type Reviews, serviceAccount } from "./review.ts";

const check = "controller-rights";

/** @param namespace of the installation */
export async function checkControllerRights(
  cluster: Cluster,
  reviews: Reviews,
  namespace: string,
  installed: Installed,
  estate: Estate,
): Promise<Finding[]> {
  const who = serviceAccount(namespace, installed.serviceAccount);
  const wanted = await controllerRights(cluster, namespace, installed, estate);
  try {
    const answers = await Promise.all(wanted.map((access) => reviews.may(who, access)));
    const missing = wanted.filter((_, index) => answers[index] === false);
    if (missing.length === 0) {
      return [
        finding(check, "ok", `the controller has its rights (${wanted.length} were asked for)`),
      ];
    }
    return missing.map((access) =>
      finding(check, "failure", `the controller may not ${accessText(access)}: apply deploy/ anew`),
    );
  } catch (error) {
    const what = "the controller's rights were not asked for";
    return [notReviewed(check, what, error)];
  }
}

async function controllerRights(
  cluster: Cluster,
  own: string,
  { watchNamespaces, defaultServiceAccount }: Installed,
  estate: Estate,
): Promise<Access[]> {
  const discovery = await cluster.discovery();
  const scopes = watchNamespaces.length === 0 ? [undefined] : watchNamespaces;
  const isWatched = (namespace: string) =>
    watchNamespaces.length === 0 || watchNamespaces.includes(namespace);
  const inScopes = (access: Omit<Access, "namespace">): Access[] =>
    scopes.map((namespace) => ({ ...access, namespace }));
  const seen = estate.kinds.flatMap((gk) => {
    const resource = discovery.preferred(gk);
    if (resource === undefined) return [];
    return ["list", "watch"].flatMap((verb): Access[] => {
      const access = { verb, group: resource.group, resource: resource.resource };
      return resource.namespaced ? inScopes(access) : [access];
    });
  });
  const accounts = new Map<string, Access>();
  for (const { namespace, serviceAccountName = defaultServiceAccount } of estate.applications) {
    if (serviceAccountName === undefined || !isWatched(namespace)) continue;
    accounts.set(`${namespace}/${serviceAccountName}`, {
      verb: "impersonate",
      group: "",
      resource: "serviceaccounts",
      namespace,
      name: serviceAccountName,
    });
  }
  return [
    ...["get", "create", "patch"].map(
      (verb): Access => ({
        verb,
        group: "coordination.k8s.io",
        resource: "leases",
        namespace: own,
      }),
    ),
    { verb: "get", group: "", resource: "secrets", namespace: own, name: installationSecretName },
    { verb: "create", group: "", resource: "secrets", namespace: own },
    ...["list", "watch", "patch"].flatMap((verb) =>
      inScopes({ verb, group, resource: "applications" }),
    ),
    ...inScopes({ verb: "patch", group, resource: "applications/status" }),
    ...inScopes({ verb: "create", group: "events.k8s.io", resource: "events" }),
    ...seen,
    ...accounts.values(),
  ];
}
