/** What whoever installs Mooring must be allowed to do: the kinds of deploy/, and the rights that it hands out. */
import { type Finding, finding, unanswered } from "./finding.ts";
import { type Access, accessText, type Reviews } from "./review.ts";

const rbac = "rbac.authorization.k8s.io";
/** What `kubectl apply` asks for. */
const verbs = ["get", "create", "patch"] as const;

const clusterWide: readonly [group: string, resource: string][] = [
  ["", "namespaces"],
  ["apiextensions.k8s.io", "customresourcedefinitions"],
  [rbac, "clusterroles"],
  [rbac, "clusterrolebindings"],
];
const inNamespace: readonly [group: string, resource: string][] = [
  ["", "serviceaccounts"],
  ["", "services"],
  ["apps", "deployments"],
  ["networking.k8s.io", "networkpolicies"],
  ["policy", "poddisruptionbudgets"],
  [rbac, "roles"],
  [rbac, "rolebindings"],
];

/** @param namespace of the installation */
export async function checkInstallRights(reviews: Reviews, namespace: string): Promise<Finding[]> {
  const wanted = [
    ...clusterWide.map(([group, resource]) => ({ group, resource })),
    ...inNamespace.map(([group, resource]) => ({ group, resource, namespace })),
  ];
  try {
    const missing = (await Promise.all(wanted.map((one) => missingFor(one, reviews)))).flat();
    const ok = "you may create and change all that an installation has";
    return [
      ...(missing.length === 0 ? [finding("install-rights", "ok", ok)] : missing),
      await grantFinding(reviews),
    ];
  } catch (error) {
    return [unanswered("install-rights", "what you may do is not known", error)];
  }
}

async function missingFor(about: Omit<Access, "verb">, reviews: Reviews): Promise<Finding[]> {
  const answers = await Promise.all(verbs.map((verb) => reviews.mayI({ ...about, verb })));
  const refusedVerbs = verbs.filter((_, index) => answers[index] === false);
  if (refusedVerbs.length === 0) return [];
  const what = accessText({ ...about, verb: refusedVerbs.join(", ") });
  return [finding("install-rights", "failure", `you may not ${what}`)];
}

/** RBAC lets nobody hand out what they do not have, unless they may `escalate`. */
async function grantFinding(reviews: Reviews): Promise<Finding> {
  const escalate: Access = { verb: "escalate", group: rbac, resource: "clusterroles" };
  const bind: Access = { verb: "bind", group: rbac, resource: "clusterroles" };
  const granted: Access[] = [
    { verb: "list", group: "*", resource: "*" },
    { verb: "watch", group: "*", resource: "*" },
    { verb: "patch", group: "mooring.dev", resource: "applications" },
    { verb: "patch", group: "mooring.dev", resource: "applications/status" },
    { verb: "create", group: "events.k8s.io", resource: "events" },
    { verb: "impersonate", group: "", resource: "serviceaccounts" },
  ];
  if ((await refused(reviews, [escalate, bind])).length === 0) {
    return finding("grant-rights", "ok", "you may give the controller its rights");
  }
  const lacking = await refused(reviews, granted);
  return lacking.length === 0
    ? finding("grant-rights", "ok", "you hold the rights that the controller is given")
    : finding(
        "grant-rights",
        "failure",
        `you may give the controller no rights that you lack yourself (${lacking.join(", ")}): have an administrator install it, or bind you to cluster-admin`,
      );
}

/** In words, those that are not allowed. */
async function refused(reviews: Reviews, wanted: readonly Access[]): Promise<string[]> {
  const answers = await Promise.all(wanted.map((access) => reviews.mayI(access)));
  return wanted.filter((_, index) => answers[index] === false).map(accessText);
}
