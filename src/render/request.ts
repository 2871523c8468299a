/** What a renderer is asked, and the digest of it. */
import { createHash } from "node:crypto";
import { Problem } from "../model/problem.ts";
import type { RenderLimits } from "./limits.ts";
import { joined, snapshotPath } from "./paths.ts";
import type { HelmParameter, RenderSource } from "./source.ts";

export interface KustomizeRequest {
  path: string;
}

/** Paths are snapshot-rooted. */
export interface HelmRequest {
  path: string;
  releaseName: string;
  namespace: string;
  kubeVersion: string;
  apiVersions: readonly string[];
  valueFiles: readonly string[];
  ignoreMissingValueFiles: boolean;
  values: Readonly<Record<string, unknown>>;
  parameters: readonly HelmParameter[];
  skipCrds: boolean;
  skipSchemaValidation: boolean;
  skipTests: boolean;
}

/** Changes when what we make of a renderer's answer does. */
const answerVersion = 1;

/**
 * @throws Problem InvalidSpec for value files outside the repository; ApiUnavailable for a chart
 *   while the cluster's capabilities are not known
 */
export function requestOf(
  source: RenderSource,
  tool: "kustomize" | "helm",
): KustomizeRequest | HelmRequest {
  const path = snapshotPath(source.path) ?? "";
  if (tool === "kustomize") return { path };
  const { capabilities, helm = {} } = source;
  if ("unknown" in capabilities) {
    throw new Problem(
      "ApiUnavailable",
      `a chart is rendered for what the cluster can do, which is not known now: ${capabilities.unknown}`,
    );
  }
  return {
    path,
    releaseName: source.releaseName,
    namespace: source.namespace,
    kubeVersion: capabilities.kubeVersion,
    // A set: in the order of discovery, which changes, it would be another one each time.
    apiVersions: [...capabilities.apiVersions].sort(),
    valueFiles: valueFilesOf(source, path),
    ignoreMissingValueFiles: helm.ignoreMissingValueFiles ?? false,
    values: helm.values ?? {},
    parameters: (helm.parameters ?? []).map(({ name, value, forceString }) => ({
      name,
      value,
      forceString: forceString ?? false,
    })),
    skipCrds: helm.skipCrds ?? false,
    skipSchemaValidation: helm.skipSchemaValidation ?? false,
    skipTests: helm.skipTests ?? false,
  };
}

/**
 * The digest of what is asked of whom. Neither the snapshot, nor what random numbers and the clock
 * say, which count for those renders only that look at them.
 * @param scope of the source
 * @param renderer names the module's build: a digest of it
 */
export function keyOf(
  request: KustomizeRequest | HelmRequest,
  scope: string,
  renderer: string,
  limits: RenderLimits,
): string {
  return digestOf(JSON.stringify([answerVersion, scope, renderer, request, limits]));
}

export function digestOf(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("base64url");
}

export function valueFilesOf({ helm }: RenderSource, path: string): readonly string[] {
  return (helm?.valueFiles ?? []).map((file) => {
    const refuse = (why: string) =>
      new Problem("InvalidSpec", `spec.source.helm.valueFiles: ${JSON.stringify(file)} ${why}`);
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(file))
      throw refuse("is a URL: only files of the repository can be read");
    try {
      const rooted = file.startsWith("/") ? file.replace(/^\/+/, "") : joined(path, file);
      const found = snapshotPath(rooted);
      if (found !== undefined && found !== "") return found;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      throw refuse("leaves the repository");
    }
    throw refuse("is not a path");
  });
}
