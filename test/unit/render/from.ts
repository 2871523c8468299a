import type { RenderSource } from "../../../src/render/source.ts";

/** What an application with this path and no options asks for. */
export function from(path: string, more: Partial<RenderSource> = {}): RenderSource {
  return {
    path,
    tool: "auto",
    releaseName: "web",
    namespace: "shop",
    capabilities: { kubeVersion: "v1.36.3", apiVersions: ["v1", "apps/v1"] },
    seed: Buffer.from("seed of shop/web"),
    key: "shop/web",
    scope: "shop https://git.example.com/shop",
    ...more,
  };
}
