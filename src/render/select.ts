/** Which files of a directory are manifests, and what stands in the way of rendering it. Pure. */
import { createHash } from "node:crypto";
import { Problem } from "../model/problem.ts";
import type { TreeEntry } from "../model/snapshot.ts";
import type { RenderLimits } from "./limits.ts";

/** Changes when the same files would give other objects. */
const rendererVersion = "yaml/2";

const others: Readonly<Record<string, string>> = {
  "kustomization.yaml": "a kustomization",
  "kustomization.yml": "a kustomization",
  Kustomization: "a kustomization",
  "Chart.yaml": "a Helm chart",
};

export interface Selection {
  files: readonly TreeEntry[];
  /** Digest of all that the render depends on: equal digests, equal objects. */
  inputs: string;
}

/**
 * The manifests below a directory: all `*.yaml`, `*.yml` and `*.json` files, recursively, as a
 * Flux Kustomization without kustomization.yaml takes them, except hidden ones.
 *
 * `strict` refuses a directory below that is a kustomization or a chart: taken as manifests, its
 * files would give other objects than the tool that they are for. Otherwise, where somebody asked
 * for plain manifests, the kustomization's or chart's own file is left out, for it is no object of
 * the cluster, and everything beside it is taken (Argo CD's directory sources fail on such a file).
 * @param entries all entries below `directory`, sorted by path
 * @throws Problem InvalidSpec for what needs another renderer, Unsupported for links and
 *   submodules: leaving them out in silence would prune what they hold. LimitExceeded.
 */
export function selectManifests(
  entries: readonly TreeEntry[],
  directory: string,
  { limits, strict }: { limits: RenderLimits; strict: boolean },
): Selection {
  const prefix = directory
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .map((part) => `${part}/`)
    .join("");
  const files: TreeEntry[] = [];
  for (const entry of entries) {
    const relative = entry.path.slice(prefix.length);
    if (relative.split("/").some((part) => part.startsWith("."))) continue;
    const name = relative.slice(relative.lastIndexOf("/") + 1);
    const other = Object.hasOwn(others, name) ? others[name] : undefined;
    if (other !== undefined) {
      if (!strict) continue;
      throw new Problem(
        "InvalidSpec",
        `${entry.path} makes its directory ${other}, in a directory of plain manifests: point spec.source.path at one of the two, or set spec.source.directory to take all files as they are`,
      );
    }
    if (entry.mode === "symlink") {
      throw new Problem("Unsupported", `${entry.path} is a symlink, which is not followed`);
    }
    if (entry.mode === "submodule") {
      throw new Problem("Unsupported", `${entry.path} is a Git submodule, which is not fetched`);
    }
    if (/\.(ya?ml|json)$/.test(name)) files.push(entry);
    if (files.length > limits.files) {
      throw new Problem("LimitExceeded", `"${directory}" has more than ${limits.files} files`);
    }
  }
  const digest = createHash("sha256").update(`${rendererVersion} ${JSON.stringify(limits)}\n`);
  for (const { path, blob } of files) digest.update(`${blob} ${path}\0`);
  return { files, inputs: digest.digest("base64url") };
}
