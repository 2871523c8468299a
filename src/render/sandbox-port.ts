/** What a render needs of the sandbox. */

export interface SandboxFiles {
  stat(path: string): Promise<"missing" | "file" | "directory">;
  read(path: string): Promise<Uint8Array | undefined>;
  list(path: string): Promise<readonly string[] | undefined>;
  expected(): Promise<ReadonlyMap<string, Expected>>;
  used(operation: "stat" | "read" | "list", path: string): void;
}
export type Expected = { file: Uint8Array } | { directory: readonly string[] } | { missing: true };
export interface SandboxRequest {
  renderer: "kustomize" | "helm";
  request: unknown;
  clock: Date;
  seed: Uint8Array;
  key: string;
}
export interface SandboxAnswer {
  objects: readonly { json: string; origin: string }[];
  dependsOn: { random: boolean; clock: boolean };
}
export interface Sandbox {
  run(request: SandboxRequest, files: SandboxFiles, signal?: AbortSignal): Promise<SandboxAnswer>;
  close(): Promise<void>;
}
