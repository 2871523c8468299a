/** An overlay of deploy/ in a cluster: its objects, its controller's settings, the rules that it grants. */
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import { untilServed } from "../../cluster/served.ts";
import type { KubeApi, TestObject } from "../harness/kube-api.ts";

const overlays = fileURLToPath(new URL("../../../deploy/overlays", import.meta.url));

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** One rule of a Role or ClusterRole of the overlay. */
export interface Grant {
  readonly kind: "Role" | "ClusterRole";
  /** Of the Role; empty for a ClusterRole. */
  readonly namespace: string;
  readonly role: string;
  readonly index: number;
  readonly rule: PolicyRule;
}

export interface Variant {
  readonly grants: readonly Grant[];
  /** Variables of the Deployment that have a value of their own. */
  readonly env: Readonly<Record<string, string>>;
}

/** Installs it whole. Namespaces that it names have to exist. */
export async function installVariant(plane: ControlPlane, name: string): Promise<Variant> {
  const rendered = await plane.kubectl(["kustomize", `${overlays}/${name}`]);
  await plane.kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], rendered);
  await untilServed(plane, "applications.mooring.dev");
  const objects = parseAllDocuments(rendered).map((one) => one.toJS() as TestObject);
  return { grants: objects.flatMap(grantsOf), env: variablesOf(objects) };
}

function grantsOf({ kind, metadata, rules }: TestObject): Grant[] {
  if (kind !== "Role" && kind !== "ClusterRole") return [];
  const { name: role, namespace = "" } = metadata;
  return (rules as PolicyRule[]).map((rule, index) => ({ kind, namespace, role, index, rule }));
}

function variablesOf(objects: readonly TestObject[]): Record<string, string> {
  const deployment = objects.find(({ kind }) => kind === "Deployment");
  const env = deployment?.spec.template.spec.containers[0].env as {
    name: string;
    value?: string;
  }[];
  return Object.fromEntries(
    env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
}

/** `ClusterRole mooring-watch: list,watch *`: how tests are named. */
export function inWords({ kind, namespace, role, rule }: Grant): string {
  const named = rule.resourceNames === undefined ? "" : ` ${rule.resourceNames.join(",")}`;
  const where = namespace === "" ? "" : `${namespace}/`;
  return `${kind} ${where}${role}: ${rule.verbs.join(",")} ${rule.resources.join(",")}${named}`;
}

/** Takes rules out of their roles. @returns what puts them back */
export async function withdraw(
  api: KubeApi,
  grants: readonly Grant[],
): Promise<() => Promise<void>> {
  const before: (() => Promise<unknown>)[] = [];
  for (const { kind, namespace, role, index } of grants) {
    const { rules } = await api.read(kind, namespace, role);
    before.push(() => api.patch(kind, namespace, role, { rules }));
    const left = (rules as PolicyRule[]).filter((_, at) => at !== index);
    await api.patch(kind, namespace, role, { rules: left });
  }
  return async () => {
    for (const restore of before) await restore();
  };
}
