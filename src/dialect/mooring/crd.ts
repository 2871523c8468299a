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

type Schema = Record<string, unknown>;

interface Rule {
  rule: string;
  message: string;
}

/** What JSON Schema cannot say, at the place where it belongs. Paths lead through properties and `[]`. */
const rules: Readonly<Record<string, readonly Rule[]>> = {
  "spec.source.git.ref": [
    {
      rule: "[has(self.branch), has(self.tag), has(self.commit), has(self.name)].filter(given, given).size() == 1",
      message: "exactly one of branch, tag, commit, name",
    },
  ],
  "spec.source.git.url": [
    {
      rule: "self.startsWith('https://') || self.startsWith('http://')",
      message: "an https:// or http:// URL",
    },
    {
      rule: "!self.matches('^https?://[^/]*@')",
      message: "credentials belong into secretRef, not into the URL",
    },
  ],
  "spec.source.path": [
    {
      rule: "!self.startsWith('/') && !self.split('/').exists(part, part == '..')",
      message: "a path inside the repository, without ..",
    },
  ],
  "spec.interval": [{ rule: "duration(self) >= duration('5s')", message: "at least 5s" }],
  "spec.timeout": [
    {
      rule: "duration(self) >= duration('1s') && duration(self) <= duration('24h')",
      message: "between 1s and 24h",
    },
  ],
  "spec.ignoreDifferences[]": [
    {
      rule: "has(self.jsonPointers) || has(self.jqPathExpressions) || has(self.managedFieldsManagers)",
      message: "name the fields: jsonPointers, jqPathExpressions or managedFieldsManagers",
    },
  ],
};

/** Lists whose order or repetition means nothing: merged by key or by value when somebody applies them. */
const listTypes: Readonly<Record<string, Schema>> = {
  "status.conditions": { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] },
};

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

/** JSON Schema of zod -> the structural schema that kube-apiserver takes. */
function structural(schema: Schema, path: string): Schema {
  const { $schema: _dialect, additionalProperties: _closed, format, ...kept } = schema;
  const out: Schema = { ...kept, ...(listTypes[path] ?? {}) };
  if (schema.type === "integer") {
    // The safe range of a JavaScript number says nothing.
    if (out.maximum === Number.MAX_SAFE_INTEGER) delete out.maximum;
    if (out.minimum === Number.MIN_SAFE_INTEGER) delete out.minimum;
    out.format = "int64";
  } else if (format === "date-time") {
    out.format = format;
    delete out.pattern;
  }
  const properties = schema.properties as Record<string, Schema> | undefined;
  if (properties !== undefined)
    out.properties = Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [
        name,
        structural(inner, `${path}.${name}`),
      ]),
    );
  if (schema.items !== undefined) out.items = structural(schema.items as Schema, `${path}[]`);
  // Required fields with a default are not required of the user.
  const required = (schema.required as string[] | undefined)?.filter(
    (name) => properties?.[name]?.default === undefined,
  );
  if (required !== undefined && required.length > 0) out.required = required;
  else delete out.required;
  const added = rules[path];
  if (added !== undefined) out["x-kubernetes-validations"] = added;
  return out;
}
