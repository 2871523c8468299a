/** Objects that the applications of tests ship; namespace and repository path are left to them. */
import { stringify } from "yaml";
import type { TestObject } from "./kube-api.ts";

type Metadata = Partial<TestObject["metadata"]>;

export function configMap(
  name: string,
  data: Record<string, string>,
  metadata: Metadata = {},
): TestObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...metadata }, data };
}

export function secret(name: string, stringData: Record<string, string>): TestObject {
  return { apiVersion: "v1", kind: "Secret", metadata: { name }, stringData };
}

export function service(name: string): TestObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  };
}

export interface DeploymentShape {
  replicas?: number;
  image?: string;
  labels?: Record<string, string>;
  env?: readonly object[];
  /** After which a rollout that stands still has failed. */
  progressDeadlineSeconds?: number;
}

export function deployment(name: string, shape: DeploymentShape = {}): TestObject {
  const { replicas, image = "example.com/app:1", labels, env, progressDeadlineSeconds } = shape;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: "app", image, ...(env === undefined ? {} : { env }) }],
        },
      },
    },
  };
}

/** A namespaced custom resource of the group `shop.example`. */
export function definition(kind: string, plural: string): TestObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.shop.example` },
    spec: {
      group: "shop.example",
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
              },
            },
          },
        },
      ],
    },
  };
}

/** One file, one document for each object; in YAML 1.1, as Kubernetes reads it (`n` is false). */
export function manifest(...objects: readonly object[]): string {
  return objects.map((object) => stringify(object, { version: "1.1" })).join("---\n");
}
