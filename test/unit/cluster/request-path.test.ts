import { expect, test } from "vitest";
import { objectPath } from "../../../src/cluster/object-path.ts";
import { subjectOf } from "../../../src/cluster/request-path.ts";
import type { ResourceKind } from "../../../src/model/object.ts";

test("a path says its group, resource, subresource, namespace and name", () => {
  const cases: [string, string, ReturnType<typeof subjectOf>][] = [
    [
      "GET",
      "/api/v1/namespaces/a/configmaps/b",
      { verb: "get", group: "", resource: "configmaps", namespace: "a", name: "b" },
    ],
    [
      "GET",
      "/api/v1/configmaps",
      { verb: "list", group: "", resource: "configmaps", namespace: undefined, name: undefined },
    ],
    [
      "PATCH",
      "/apis/apps/v1/namespaces/a/deployments/b/scale",
      { verb: "patch", group: "apps", resource: "deployments/scale", namespace: "a", name: "b" },
    ],
    [
      "DELETE",
      "/api/v1/namespaces/a",
      { verb: "delete", group: "", resource: "namespaces", namespace: undefined, name: "a" },
    ],
    [
      "PUT",
      "/api/v1/namespaces/a/finalize",
      {
        verb: "update",
        group: "",
        resource: "namespaces/finalize",
        namespace: undefined,
        name: "a",
      },
    ],
    [
      "GET",
      "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
      {
        verb: "get",
        group: "rbac.authorization.k8s.io",
        resource: "clusterroles",
        namespace: undefined,
        name: "system:node",
      },
    ],
    [
      "GET",
      "/version",
      { verb: "list", group: "", resource: "", namespace: undefined, name: undefined },
    ],
  ];
  for (const [method, path, subject] of cases)
    expect(subjectOf(method, path), path).toEqual(subject);
});

test("what objectPath builds, subjectOf reads", () => {
  const role: ResourceKind = {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    kind: "Role",
    resource: "roles",
    namespaced: true,
    verbs: [],
  };
  const path = objectPath(role, "team-a", "system:leader election");
  expect(subjectOf("GET", path)).toMatchObject({
    group: role.group,
    resource: "roles",
    namespace: "team-a",
    name: "system:leader election",
  });
});
