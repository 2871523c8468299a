/** Which rights a controller has used, and which it lacked, by the apiserver's audit log. */
import type { AuditEntry } from "../harness/audit.ts";
import type { Grant, PolicyRule } from "./variant.ts";

/** A request as RBAC judges it. */
export interface Asked {
  readonly verb: string;
  readonly group: string;
  /** `applications/status` for a subresource. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly refused: boolean;
}

/** Of the controller as itself: requests in another's name need the right to take that name. */
export function askedOf(entries: readonly AuditEntry[]): Asked[] {
  return entries.flatMap((entry) => {
    const { verb, impersonatedUser, objectRef, responseStatus } = entry;
    const refused = responseStatus?.code === 403;
    if (impersonatedUser !== undefined) {
      const [, , namespace = "", name = ""] = impersonatedUser.username.split(":");
      // A request that is refused for what the other may not do was made as the other.
      return [
        {
          verb: "impersonate",
          group: "",
          resource: "serviceaccounts",
          namespace,
          name,
          refused: false,
        },
      ];
    }
    // Discovery, and reviews of one's own rights, are everybody's.
    if (objectRef?.resource === undefined || objectRef.apiGroup === "authorization.k8s.io")
      return [];
    const { apiGroup: group = "", resource, subresource, namespace = "", name = "" } = objectRef;
    const full = subresource === undefined ? resource : `${resource}/${subresource}`;
    return [{ verb, group, resource: full, namespace, name, refused }];
  });
}

const matches = (wanted: readonly string[], one: string) =>
  wanted.includes("*") || wanted.includes(one);

export function allows({ kind, namespace, rule }: Grant, asked: Asked): boolean {
  if (kind === "Role" && namespace !== asked.namespace) return false;
  return (
    matches(rule.verbs, asked.verb) &&
    matches(rule.apiGroups, asked.group) &&
    matches(rule.resources, asked.resource) &&
    (rule.resourceNames?.includes(asked.name) ?? true)
  );
}

/** Each verb on each resource of each name of a rule, as a grant of its own. */
export function parts(grant: Grant): Grant[] {
  const { apiGroups, resources, verbs, resourceNames } = grant.rule;
  const names = resourceNames ?? [undefined];
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((name): Grant => {
          const named: Partial<PolicyRule> = name === undefined ? {} : { resourceNames: [name] };
          const rule = { apiGroups: [group], resources: [resource], verbs: [verb], ...named };
          return { ...grant, rule };
        }),
      ),
    ),
  );
}
