import { afterAll } from "vitest";
import type { SandboxFiles } from "../../../../src/render/sandbox/file-channel.ts";
import {
  createSandbox,
  type SandboxAnswer,
  type SandboxCost,
  type SandboxOptions,
  type SandboxRequest,
  type ThreadedSandbox,
} from "../../../../src/render/sandbox/sandbox.ts";
import { MemoryFiles } from "./files.ts";
import { misbehavingModules, type Step } from "./modules.ts";

export interface Bench {
  sandbox: ThreadedSandbox;
  costs: SandboxCost[];
  run(
    steps: readonly Step[],
    o?: Partial<SandboxRequest> & { files?: SandboxFiles; signal?: AbortSignal },
  ): Promise<SandboxAnswer>;
}

/** A sandbox of misbehaving modules; closed with the test file. */
export async function misbehavingSandbox(o: Partial<SandboxOptions> = {}): Promise<Bench> {
  const costs: SandboxCost[] = [];
  const sandbox = createSandbox({
    directory: await misbehavingModules(),
    workers: 1,
    idleMs: 60_000,
    observe: (cost) => costs.push(cost),
    ...o,
  });
  afterAll(() => sandbox.close());
  return {
    sandbox,
    costs,
    run: (steps, { files = new MemoryFiles(), signal, ...request } = {}) =>
      sandbox.run(
        {
          renderer: "kustomize",
          request: { path: "app", steps },
          clock: new Date("2024-05-06T07:08:09Z"),
          seed: Buffer.from("seed"),
          key: "shop/web",
          ...request,
        },
        files,
        signal,
      ),
  };
}

/** What the module said, by the names of its ConfigMaps. */
export function said({ objects }: SandboxAnswer): Record<string, string> {
  const pairs = objects.map(({ json }) => {
    const object = JSON.parse(json) as { metadata: { name: string }; data: { value: string } };
    return [object.metadata.name, object.data.value] as const;
  });
  return Object.fromEntries(pairs);
}
