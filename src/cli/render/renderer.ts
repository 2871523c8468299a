/** The controller's renderer for a moment, which also tells what a render drew on. */
import type { RenderedObject } from "../../model/desired.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { createModuleVersion } from "../../render/module-version.ts";
import { createRenderer } from "../../render/render.ts";
import { createSandbox, type Sandbox, type SandboxAnswer } from "../../render/sandbox/sandbox.ts";
import type { RenderSource } from "../../render/source.ts";

export interface LocalRender {
  objects: readonly RenderedObject[];
  /** Random numbers, the clock: where another render may differ. */
  dependsOn: SandboxAnswer["dependsOn"];
}

export interface LocalRenderer {
  /** One at a time. @throws Problem as Renderer.render */
  render(snapshot: Snapshot, source: RenderSource): Promise<LocalRender>;
  close(): Promise<void>;
}

export function openRenderer(o: {
  /** Of kustomize.wasm and helm.wasm. */
  directory: string;
  /** Of one render, in milliseconds. */
  deadlineMs: number;
}): LocalRenderer {
  const { directory, deadlineMs } = o;
  let dependsOn: SandboxAnswer["dependsOn"] = { random: false, clock: false };
  const sandbox = createSandbox({
    directory,
    workers: 1,
    idleMs: deadlineMs,
    limits: { deadlineMs },
  });
  const runs: Sandbox = {
    ...sandbox,
    async run(request, files, signal) {
      const answer = await sandbox.run(request, files, signal);
      dependsOn = answer.dependsOn;
      return answer;
    },
  };
  const renderer = createRenderer({
    workers: 1,
    cacheBytes: 0,
    deadlineMs,
    sandbox: { runs, versionOf: createModuleVersion(directory) },
  });
  return {
    async render(snapshot, source) {
      dependsOn = { random: false, clock: false };
      const { objects } = await renderer.render(snapshot, source);
      return { objects, dependsOn };
    },
    close: () => renderer.close(),
  };
}
