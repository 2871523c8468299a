/** Renders as the controller does: the modules in their sandbox, the files from a repository. */
import { fileURLToPath } from "node:url";
import type { DesiredSet } from "../../../../src/model/desired.ts";
import type { Snapshot } from "../../../../src/model/snapshot.ts";
import { createModuleVersion } from "../../../../src/render/module-version.ts";
import { createRenderer } from "../../../../src/render/render.ts";
import { createSandbox } from "../../../../src/render/sandbox/sandbox.ts";
import type { RenderSource } from "../../../../src/render/source.ts";
import { cluster } from "./charts.ts";

const modules = fileURLToPath(new URL("../../../../renderers/build", import.meta.url));

export interface Mooring {
  render(source: Partial<RenderSource> & { path: string }): Promise<DesiredSet>;
  close(): Promise<void>;
}

/** A controller that has just started: nothing is cached, no module is loaded. */
export function startMooring(snapshot: Snapshot): Mooring {
  const renderer = createRenderer({
    workers: 0,
    cacheBytes: 64 << 20,
    deadlineMs: 30_000,
    sandbox: {
      runs: createSandbox({
        directory: modules,
        workers: 1,
        idleMs: 60_000,
        limits: { deadlineMs: 30_000 },
      }),
      versionOf: createModuleVersion(modules),
    },
  });
  return {
    render: (source) =>
      renderer.render(snapshot, {
        tool: "auto",
        releaseName: "rel",
        namespace: "ns",
        capabilities: cluster,
        seed: Buffer.alloc(32, 7),
        key: "golden/application",
        scope: "golden",
        ...source,
      }),
    close: () => renderer.close(),
  };
}
