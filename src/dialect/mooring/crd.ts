/** The CustomResourceDefinition of Applications, generated from the model's zod schemas. */
import { z } from "zod";
import {
  applicationSpec,
  applicationStatus,
  group,
  kind,
  plural,
  version,
} from "../../model/application.ts";
import type { KubeObject } from "../../model/object.ts";
import { type Schema, structural } from "./structural.ts";

export function applicationCrd(): KubeObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.${group}`,
      // KEP-3659: objects of this kind are parents of ApplySets.
      labels: { "applyset.kubernetes.io/is-parent-type": "true" },
    },
    spec: {
      group,
      scope: "Namespaced",
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: "application",
        shortNames: ["mapp"],
        categories: ["mooring", "gitops"],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            column("Sync", ".status.sync", "Does the cluster have what the revision says?"),
            column("Health", ".status.health", "Health of the objects, the worst of them."),
            column(
              "Revision",
              ".status.revision",
              "The last revision that was applied completely.",
            ),
            { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
            {
              ...column(
                "Ready",
                '.status.conditions[?(@.type=="Ready")].status',
                "Applied and healthy at the current revision.",
              ),
              priority: 1,
            },
            { ...column("Mode", ".spec.mode", "observe, warn or enforce."), priority: 1 },
            {
              ...column(
                "Message",
                '.status.conditions[?(@.type=="Ready")].message',
                "Why it is, or is not, ready.",
              ),
              priority: 1,
            },
          ],
          schema: {
            openAPIV3Schema: {
              type: "object",
              description:
                "Application: what Mooring deploys from a Git repository, where to, as whom, and how strictly it is kept so.",
              required: ["spec"],
              properties: {
                apiVersion: {
                  type: "string",
                  description: "The version of this API: mooring.dev/v1alpha1.",
                },
                kind: { type: "string", description: "Application." },
                metadata: { type: "object" },
                spec: structural(z.toJSONSchema(applicationSpec, { io: "input" }), "spec"),
                status: structural(z.toJSONSchema(applicationStatus, { io: "input" }), "status"),
              },
            },
          },
        },
      ],
    },
  };
}

function column(name: string, jsonPath: string, description: string): Schema {
  return { name, type: "string", jsonPath, description };
}
