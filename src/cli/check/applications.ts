/** Applications: have they a ServiceAccount, may it write what they deploy, are they Ready? */
import type { ResourceKind } from "../../model/object.ts";
import { conditionOf } from "../access/application.ts";
import type { Cluster } from "../access/cluster.ts";
import type { Installed } from "./controller.ts";
import type { Estate, EstateApplication } from "./estate.ts";
import { type Finding, finding, notReviewed, unanswered } from "./finding.ts";
import { type Access, accessText, type Reviews, serviceAccount } from "./review.ts";

const serviceAccounts: ResourceKind = {
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  resource: "serviceaccounts",
  namespaced: true,
  verbs: ["get"],
};
const shown = 10;

/** @param own namespace of the installation, whose Applications need no ServiceAccount */
export async function checkApplications(
  cluster: Cluster,
  reviews: Reviews,
  own: string,
  installed: Installed | undefined,
  estate: Estate,
): Promise<Finding[]> {
  const { applications, onlyIn } = estate;
  const scope =
    onlyIn === undefined ? "" : ` of namespace ${onlyIn}, the only ones that you may list`;
  if (applications.length === 0) {
    return [finding("applications", "ok", `there are no Applications${scope}`)];
  }
  const accounts = (
    await Promise.all(
      applications.map((one) => accountFindings(one, cluster, reviews, own, installed)),
    )
  ).flat();
  const count = applications.length === 1 ? "1 Application" : `${applications.length} Applications`;
  const fine = `${count}${scope}: each has a ServiceAccount with the rights it needs`;
  return [
    ...(accounts.length === 0 ? [finding("service-accounts", "ok", fine)] : unique(accounts)),
    readyFinding(applications, count),
  ];
}

async function accountFindings(
  application: EstateApplication,
  cluster: Cluster,
  reviews: Reviews,
  own: string,
  installed: Installed | undefined,
): Promise<Finding[]> {
  const { key, namespace } = application;
  const check = "service-accounts";
  const name = application.serviceAccountName ?? installed?.defaultServiceAccount;
  if (name === undefined) {
    if (namespace === own) return [];
    const message = `${key} names no ServiceAccount: set spec.serviceAccountName`;
    return [finding(check, installed === undefined ? "warning" : "failure", message)];
  }
  const who = `ServiceAccount ${namespace}/${name}`;
  try {
    if ((await cluster.objects.getMetadata(serviceAccounts, namespace, name)) === undefined) {
      return [finding(check, "failure", `${key}: the ${who} does not exist`)];
    }
  } catch (error) {
    return [unanswered(check, `${key}: whether the ${who} exists`, error)];
  }
  const wanted = [
    ...credentialsOf(application),
    ...(application.enforce ? await rightsOf(application, cluster) : []),
  ];
  try {
    const subject = serviceAccount(namespace, name);
    const answers = await Promise.all(wanted.map((access) => reviews.may(subject, access)));
    const missing = wanted.filter((_, index) => answers[index] === false).map(accessText);
    if (missing.length === 0) return [];
    const list =
      missing.slice(0, 3).join(", ") +
      (missing.length > 3 ? ` and ${missing.length - 3} more` : "");
    return [finding(check, "failure", `${key}: the ${who} may not ${list}`)];
  } catch (error) {
    const what = "the rights of ServiceAccounts were not asked for";
    return [notReviewed(check, what, error)];
  }
}

/** The Secret of the repository is read as the ServiceAccount, in every mode. */
function credentialsOf({ namespace, secret }: EstateApplication): Access[] {
  return secret === undefined
    ? []
    : [{ verb: "get", group: "", resource: "secrets", namespace, name: secret }];
}

/** For the kinds that it has deployed, in the namespaces that it deploys to. */
async function rightsOf(
  { kinds, namespaces, prune }: EstateApplication,
  { discovery }: Cluster,
): Promise<Access[]> {
  const { preferred } = await discovery().then((known) => ({
    preferred: (gk: Parameters<typeof known.preferred>[0]) => known.preferred(gk),
  }));
  const verbs = ["get", "create", "patch", ...(prune ? ["delete"] : [])];
  return kinds.flatMap((gk) => {
    const resource = preferred(gk);
    if (resource === undefined) return [];
    const scopes = resource.namespaced ? [...new Set(namespaces)] : [undefined];
    return scopes.flatMap((namespace) =>
      verbs.map(
        (verb): Access => ({ verb, group: resource.group, resource: resource.resource, namespace }),
      ),
    );
  });
}

function readyFinding(applications: readonly EstateApplication[], count: string): Finding {
  const failing = applications.filter(
    ({ object }) => conditionOf(object, "Ready")?.status === "False",
  );
  if (failing.length === 0) {
    const unsaid = applications.filter(({ object }) => conditionOf(object, "Ready") === undefined);
    return unsaid.length === 0
      ? finding("applications", "ok", `${count}: none says that it is not Ready`)
      : finding("applications", "warning", `no controller has looked yet at ${keysOf(unsaid)}`);
  }
  return finding(
    "applications",
    "warning",
    `${failing.length} of ${count} not Ready: ${keysOf(failing)}; see mooring get -A -o wide`,
  );
}

function keysOf(applications: readonly EstateApplication[]): string {
  const keys = applications.slice(0, shown).map(({ key }) => key);
  const more = applications.length - keys.length;
  return keys.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** What is said of all of them is said once. */
function unique(findings: readonly Finding[]): Finding[] {
  const seen = new Map(findings.map((one) => [one.message, one]));
  return [...seen.values()];
}
