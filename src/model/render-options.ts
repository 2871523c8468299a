/** How the manifests of an Application are rendered, where the repository does not say it by itself. */
import { z } from "zod";
import { isDeeper } from "./exact-json.ts";

/** Values as a chart reads them: anything that JSON can say. */
export type HelmValues = Readonly<Record<string, unknown>>;

/** Members of `values` at the top; what they hold is bounded by the size of an object in the API. */
export const maxValues = 1024;
/** How deep they nest: past some thousand levels nothing here could write them any more. */
const maxValuesDepth = 100;

// Not a z.record: the values pass as they are, integers past 2^53 (see exact-json.ts) among them.
const values = z
  .unknown()
  .pipe(
    z.custom<HelmValues>(
      (given) =>
        typeof given === "object" &&
        given !== null &&
        !Array.isArray(given) &&
        Object.keys(given).length <= maxValues &&
        !isDeeper(given, maxValuesDepth),
      `must be an object of at most ${maxValues} members, nested no deeper than ${maxValuesDepth}`,
    ),
  );

export const helmOptions = z
  .object({
    releaseName: z
      .string()
      .max(53)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
      .optional()
      .describe("Name of the release, .Release.Name. Without it, the Application's name."),
    namespace: z
      .string()
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      .optional()
      .describe(
        "Namespace of the release, .Release.Namespace. Without it, the destination's namespace.",
      ),
    valueFiles: z
      .array(
        z
          .string()
          .min(1)
          .max(1024)
          .regex(/^[^\\\p{Cc}]+$/u),
      )
      .max(64)
      .optional()
      .describe(
        "Files of values, a later one over an earlier one: relative to `path`, or from the root of the repository with a leading `/`.",
      ),
    ignoreMissingValueFiles: z
      .boolean()
      .optional()
      .describe("Leave out value files that the revision does not have."),
    values: values.optional().describe("Values, over those of valueFiles."),
    parameters: z
      .array(
        z.object({
          name: z
            .string()
            .min(1)
            .max(1024)
            .describe("Path of the value, as of `helm --set`: image.tag, list[0].name."),
          value: z.string().max(65536).default("").describe("The value, as of `helm --set`."),
          forceString: z
            .boolean()
            .default(false)
            .describe("It is a text, whatever it looks like (`helm --set-string`)."),
        }),
      )
      .max(256)
      .optional()
      .describe("Single values, over everything else."),
    skipCrds: z.boolean().optional().describe("Leave out what the chart has in crds/."),
    skipSchemaValidation: z
      .boolean()
      .optional()
      .describe("Do not check the values against the chart's values.schema.json."),
    skipTests: z.boolean().optional().describe("Leave out the hooks of `helm test`."),
    kubeVersion: z
      .string()
      .max(64)
      .regex(/^v?[0-9]+\.[0-9]+(\.[0-9]+)?([-+][0-9A-Za-z.+-]+)?$/)
      .optional()
      .describe(".Capabilities.KubeVersion. Without it, the cluster's."),
    apiVersions: z
      .array(
        z
          .string()
          .max(400)
          .regex(/^[A-Za-z0-9.-]+(\/[A-Za-z0-9.-]+){0,2}$/),
      )
      .max(2048)
      .optional()
      .describe(
        ".Capabilities.APIVersions, as apps/v1 and apps/v1/Deployment. Without it, what the cluster serves.",
      ),
  })
  .describe("The path is a Helm chart.");

export const kustomizeOptions = z.object({}).describe("The path is a kustomization.");

export const directoryOptions = z
  .object({})
  .describe("The path is a directory of plain manifests, with those below it.");

export type HelmOptions = z.output<typeof helmOptions>;

/** What renders. */
export const renderTools = ["directory", "kustomize", "helm"] as const;
export type RenderTool = (typeof renderTools)[number];
