/** Mooring in a cluster, from the manifests that are shipped: CRDs, namespace, RBAC. */
import { fileURLToPath } from "node:url";
import { parseAllDocuments, stringify } from "yaml";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import { untilServed } from "../../cluster/served.ts";

/** The ServiceAccount that the controller ships with. */
export const account = { serviceAccount: "mooring", namespace: "mooring-system" } as const;
export const controllerUser = `system:serviceaccount:${account.namespace}:${account.serviceAccount}`;

const overlay = fileURLToPath(new URL("../../../deploy/overlays/cluster-wide", import.meta.url));

export async function installMooring(plane: ControlPlane): Promise<void> {
  const rendered = await plane.kubectl(["kustomize", overlay]);
  // The controller itself runs as a child of the test.
  const shipped = parseAllDocuments(rendered)
    .map((document) => document.toJS() as { kind: string })
    .filter(({ kind }) => kind !== "Deployment")
    .map((object) => stringify(object));
  await plane.kubectl(["apply", "--server-side", "-f", "-"], shipped.join("---\n"));
  await untilServed(plane, "applications.mooring.dev");
}
