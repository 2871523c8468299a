/** What the renderer is asked for an application. */
import { type ApiVersions, isKnown } from "../cluster/api-versions.ts";
import { type Application, applicationKey, type Source } from "../model/application.ts";
import type { RenderSource } from "../render/source.ts";
import type { Environment } from "./environment.ts";

/** What of the installation counts. */
export interface RenderSurroundings extends Pick<Environment, "renderSeed"> {
  discovery: Pick<Environment["discovery"], "apiVersions" | "kubernetesVersion">;
}

/**
 * @param isGuess the objects are compared with what is deployed before they count: a chart may be
 *   rendered for the part of the cluster's APIs that is known
 */
export function renderSourceOf(
  application: Application,
  { discovery, renderSeed }: RenderSurroundings,
  isGuess = false,
): RenderSource {
  const { source, destination } = application.spec;
  const { helm } = source;
  return {
    path: source.path,
    tool: toolOf(source),
    helm,
    releaseName: helm?.releaseName ?? application.name,
    namespace: helm?.namespace ?? destination.namespace ?? application.namespace,
    capabilities: capabilitiesFor(helm, discovery, isGuess),
    seed: renderSeed(application),
    key: applicationKey(application),
    scope: `${application.namespace} ${source.git.url}`,
  };
}

/** Of what charts see of the cluster: equal digests, equal renders. undefined while that is not known. */
export function servedDigest({
  apiVersions,
  kubernetesVersion,
}: Environment["discovery"]): string | undefined {
  return isKnown(apiVersions) ? `${kubernetesVersion} ${apiVersions.digest}` : undefined;
}

/** Its charts are rendered for the cluster as it is, not for one that the spec describes. */
export function followsCluster({ spec }: Application): boolean {
  const { helm } = spec.source;
  return helm?.apiVersions === undefined || helm.kubeVersion === undefined;
}

function toolOf({ helm, kustomize, directory }: Source): RenderSource["tool"] {
  if (helm !== undefined) return "helm";
  if (kustomize !== undefined) return "kustomize";
  return directory === undefined ? "auto" : "directory";
}

function capabilitiesFor(
  helm: Source["helm"],
  served: { apiVersions: ApiVersions; kubernetesVersion: string },
  isGuess: boolean,
): RenderSource["capabilities"] {
  const kubeVersion = helm?.kubeVersion ?? served.kubernetesVersion;
  if (helm?.apiVersions !== undefined) return { kubeVersion, apiVersions: helm.apiVersions };
  const { apiVersions } = served;
  if (isKnown(apiVersions)) return { kubeVersion, apiVersions: apiVersions.list };
  const { unknown, answered } = apiVersions;
  return isGuess && answered !== undefined ? { kubeVersion, apiVersions: answered } : { unknown };
}
