/** What the renderer is asked for an application. */
import { type ApiVersions, isKnown } from "../cluster/api-versions.ts";
import { type Application, applicationKey, type Source } from "../model/application.ts";
import type { RenderSource } from "../render/source.ts";
import type { Environment } from "./environment.ts";

/** What of the installation counts. */
export interface RenderSurroundings extends Pick<Environment, "renderSeed"> {
  discovery: Pick<Environment["discovery"], "apiVersions" | "kubernetesVersion">;
}

export function renderSourceOf(
  application: Application,
  { discovery, renderSeed }: RenderSurroundings,
): RenderSource {
  const { source, destination } = application.spec;
  const { helm } = source;
  return {
    path: source.path,
    tool: toolOf(source),
    helm,
    releaseName: helm?.releaseName ?? application.name,
    namespace: helm?.namespace ?? destination.namespace ?? application.namespace,
    capabilities: capabilitiesFor(helm, discovery),
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
): RenderSource["capabilities"] {
  const kubeVersion = helm?.kubeVersion ?? served.kubernetesVersion;
  if (helm?.apiVersions !== undefined) return { kubeVersion, apiVersions: helm.apiVersions };
  const { apiVersions } = served;
  return isKnown(apiVersions) ? { kubeVersion, apiVersions: apiVersions.list } : apiVersions;
}
