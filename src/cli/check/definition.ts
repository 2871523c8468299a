/** The CRD of Applications: is it there, and does it know all that this program writes? */
import { applicationCrd } from "../../dialect/mooring/crd.ts";
import { group, plural, version } from "../../model/application.ts";
import type { KubeObject, ResourceKind } from "../../model/object.ts";
import type { Cluster } from "../access/cluster.ts";
import { type Finding, finding, unanswered } from "./finding.ts";

const crds: ResourceKind = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  resource: "customresourcedefinitions",
  namespaced: false,
  verbs: ["get"],
};
const name = `${plural}.${group}`;
const shown = 5;

/** @param pre before an installation: that it is missing is as it should be */
export async function checkDefinition(
  { objects, discovery }: Cluster,
  pre: boolean,
): Promise<Finding> {
  try {
    const found = await objects.get(crds, undefined, name);
    if (found !== undefined) return judge(found, pre);
    return pre
      ? finding("crd", "ok", `the CRD ${name} is not installed yet`)
      : finding("crd", "failure", `the CRD ${name} is not installed: kubectl apply -k crds`);
  } catch (error) {
    const served = (await discovery()).find(`${group}/${version}`, "Application") !== undefined;
    if (served) return unanswered("crd", `${name} is served; how new it is was not asked`, error);
    return unanswered("crd", `whether the CRD ${name} is installed`, error);
  }
}

interface Schema {
  properties?: Readonly<Record<string, Schema>>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
}

interface Version {
  name: string;
  served?: boolean;
  schema?: { openAPIV3Schema?: Schema };
}

function judge(found: KubeObject, pre: boolean): Finding {
  const versionOf = (crd: KubeObject) =>
    (crd.spec as { versions?: readonly Version[] }).versions?.find((one) => one.name === version);
  const live = versionOf(found);
  if (live?.served !== true) {
    return finding(
      "crd",
      "failure",
      `the CRD ${name} does not serve ${version}: apply that of this version`,
    );
  }
  const { conditions = [] } = (found.status ?? {}) as {
    conditions?: readonly { type: string; status: string; message?: string }[];
  };
  const established = conditions.find(({ type }) => type === "Established");
  if (established?.status !== "True") {
    return finding(
      "crd",
      "failure",
      `the CRD ${name} is not established: ${established?.message ?? "no condition says so"}`,
    );
  }
  const ours = versionOf(applicationCrd())?.schema?.openAPIV3Schema ?? {};
  const theirs = live.schema?.openAPIV3Schema ?? {};
  const lacking = missing(ours, theirs);
  if (lacking.length > 0 && pre) {
    return finding(
      "crd",
      "ok",
      `the CRD ${name} is of an earlier version, which the installation replaces`,
    );
  }
  if (lacking.length > 0) {
    return finding(
      "crd",
      "failure",
      `the CRD ${name} is older than this program, and lacks ${some(lacking)}: apply that of this version`,
    );
  }
  const more = missing(theirs, ours);
  return more.length > 0
    ? finding(
        "crd",
        "warning",
        `the CRD ${name} is newer than this program, which does not know ${some(more)}`,
      )
    : finding("crd", "ok", `the CRD ${name} is that of this version`);
}

/** Fields of the one schema that the other has not; not what is below them. */
function missing(wanted: Schema, given: Schema, at = ""): string[] {
  const fields = Object.entries(wanted.properties ?? {}).flatMap(([field, inner]) => {
    const path = at === "" ? field : `${at}.${field}`;
    const other = given.properties?.[field];
    return other === undefined ? [path] : missing(inner, other, path);
  });
  return wanted.items === undefined
    ? fields
    : [...fields, ...missing(wanted.items, given.items ?? {}, `${at}[]`)];
}

function some(paths: readonly string[]): string {
  const first = paths.slice(0, shown).join(", ");
  return paths.length > shown ? `${first} and ${paths.length - shown} more` : first;
}
