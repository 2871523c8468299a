/** What is rendered: one tree, as a directory for the official programs and as a commit for us. */
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { manifest } from "../../e2e/harness/manifests.ts";

const fixtures = fileURLToPath(new URL("../../fixtures", import.meta.url));

/** The chart of `helm create`. */
export const chart = "charts/web";
/** Doubles a text until there is no more memory. */
export const bomb = "charts/bomb";

/**
 * The path of an overlay that differs from all others, over one with patches, replicas and a
 * generator, over a base of three workloads.
 */
export function overlayOf(index: number): string {
  return `shop/overlays/number-${index}`;
}

/** Writes the tree. @param overlays how many there are to be of {@link overlayOf} */
export async function plantTree(root: string, overlays: number): Promise<void> {
  await cp(join(fixtures, "charts/web"), join(root, chart), { recursive: true });
  await cp(join(fixtures, "kustomize/shop"), join(root, "shop"), { recursive: true });
  const files: Record<string, string> = {
    [`${bomb}/Chart.yaml`]: manifest({ apiVersion: "v2", name: "bomb", version: "1.0.0" }),
    [`${bomb}/templates/bomb.yaml`]: [
      '{{- $text := "0123456789abcdef" }}',
      '{{- range until 40 }}{{ $text = printf "%s%s" $text $text }}{{ end }}',
      "apiVersion: v1",
      "kind: ConfigMap",
      "metadata: {name: bomb}",
      "data: {text: {{ $text }}}",
    ].join("\n"),
  };
  for (let index = 0; index < overlays; index++) {
    files[`${overlayOf(index)}/kustomization.yaml`] = manifest({
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      namePrefix: `number-${index}-`,
      resources: ["../prod"],
      configMapGenerator: [{ name: "number", literals: [`number=${index}`] }],
    });
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

/** By their paths, to be committed. */
export async function filesOf(root: string): Promise<Record<string, Buffer>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Object.fromEntries(
    await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [path.slice(root.length + 1), await readFile(path)] as const;
      }),
    ),
  );
}
