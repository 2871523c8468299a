/** Somebody with rights in one namespace, as RBAC gives them. */
import type { World } from "./world.ts";

const rbac = "rbac.authorization.k8s.io";

/** @returns the kubeconfig of a user who has these rights there, and no others */
export async function person(
  { api, plane }: Pick<World, "api" | "plane">,
  name: string,
  namespace: string,
  rules: readonly object[],
): Promise<string> {
  const metadata = { namespace, name };
  await api.create({ apiVersion: `${rbac}/v1`, kind: "Role", metadata, rules });
  await api.create({
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata,
    roleRef: { apiGroup: rbac, kind: "Role", name },
    subjects: [{ apiGroup: rbac, kind: "User", name }],
  });
  return plane.kubeconfigFor({ name });
}
