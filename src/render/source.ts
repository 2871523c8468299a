/** What one application wants rendered: where, by which tool, with which options. */

/**
 * `auto`: a directory with kustomization.yaml (or .yml, or Kustomization) is kustomize's, else one
 * with Chart.yaml is Helm's, else all its manifests are taken as they are.
 */
export type RenderTool = "auto" | "kustomize" | "helm" | "directory";

export interface HelmParameter {
  /** As `helm --set` writes paths: `image.tag`, `hosts[0].name`. */
  name: string;
  value: string;
  /** As `helm --set-string`: the value stays a string whatever it looks like. */
  forceString?: boolean | undefined;
}

/**
 * Options of a chart. The later wins: the chart's values.yaml, `valueFiles` in their order,
 * `values`, `parameters`.
 */
export interface HelmOptions {
  /** Relative to the chart, or from the repository's root when they begin with `/`. */
  valueFiles?: readonly string[] | undefined;
  ignoreMissingValueFiles?: boolean | undefined;
  values?: Readonly<Record<string, unknown>> | undefined;
  parameters?: readonly HelmParameter[] | undefined;
  /** Leave out the chart's crds/ directory. */
  skipCrds?: boolean | undefined;
  skipSchemaValidation?: boolean | undefined;
  /** Leave out hooks of the phase `test`. */
  skipTests?: boolean | undefined;
}

/** What charts see as `.Capabilities`. */
export interface Capabilities {
  /** As the cluster says it: `v1.36.3`. */
  kubeVersion: string;
  /** `v1`, `apps/v1`, `apps/v1/Deployment`, ... in any order. */
  apiVersions: readonly string[];
}

export interface RenderSource {
  /** Directory in the snapshot; the root is empty. */
  path: string;
  tool: RenderTool;
  helm?: HelmOptions | undefined;
  /** `.Release.Name` of charts. */
  releaseName: string;
  /** `.Release.Namespace` of charts; not written into objects. */
  namespace: string;
  /** `unknown`: why the cluster's are not known now; then no chart is rendered (a half list is no list). */
  capabilities: Capabilities | { unknown: string };
  /** Where random numbers come from: the same for an application across restarts, secret. */
  seed: Uint8Array;
  /** The application, `<namespace>/<name>`: what renderers' time is shared among. */
  key: string;
  /**
   * Whose files these are: the namespace and the repository. Renders are waited for, kept and
   * learnt from within it only, so that nobody can be in the way of another tenant's.
   */
  scope: string;
}
