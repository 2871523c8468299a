import type { Expected, SandboxFiles } from "../../../src/render/sandbox/file-channel.ts";
import type { Sandbox, SandboxRequest } from "../../../src/render/sandbox/sandbox.ts";

/** What a scripted renderer does with its files: the objects by name, each with its data. */
export type Script = (
  files: ScriptFiles,
  request: SandboxRequest,
) => Promise<readonly Record<string, unknown>[]>;

export interface ScriptFiles {
  stat(path: string): Promise<"missing" | "file" | "directory">;
  read(path: string): Promise<string | undefined>;
  list(path: string): Promise<readonly string[] | undefined>;
  dependsOn: { random: boolean; clock: boolean };
}

/** A sandbox whose renderer is a function of the test; it asks for files as the real one does. */
export class ScriptedSandbox implements Sandbox {
  readonly runs: SandboxRequest[] = [];
  /** Questions that were not answered by what was sent along. */
  readonly questions: string[] = [];
  readonly load = { busy: 0, idle: 0, waiting: 0 };
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  async run(request: SandboxRequest, files: SandboxFiles, signal?: AbortSignal) {
    this.runs.push(request);
    const expected = await files.expected();
    const dependsOn = { random: false, clock: false };
    const ask = async <T>(
      operation: "stat" | "read" | "list",
      path: string,
      known: (e: Expected) => T,
      question: () => Promise<T>,
    ): Promise<T> => {
      signal?.throwIfAborted();
      const sent = expected.get(path);
      if (sent === undefined) {
        this.questions.push(`${operation} ${path}`);
        return question();
      }
      files.used(operation, path);
      return known(sent);
    };
    const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
    const objects = await this.#script(
      {
        dependsOn,
        stat: (path) =>
          ask(
            "stat",
            path,
            (sent) => ("missing" in sent ? "missing" : "file" in sent ? "file" : "directory"),
            () => files.stat(path),
          ),
        read: (path) =>
          ask(
            "read",
            path,
            (sent) => ("file" in sent ? text(sent.file) : undefined),
            async () => text(await files.read(path)),
          ),
        list: (path) =>
          ask(
            "list",
            path,
            (sent) => ("directory" in sent ? sent.directory : undefined),
            () => files.list(path),
          ),
      },
      request,
    );
    signal?.throwIfAborted();
    const answer = objects.map((object) => ({ json: JSON.stringify(object), origin: "scripted" }));
    return { objects: answer, dependsOn };
  }

  async close(): Promise<void> {}
}

/** A little like kustomize: `resources` of kustomization.yaml, a path in each line. */
export const miniKustomize: Script = async (files, { request }) => {
  const objects: Record<string, unknown>[] = [];
  const visit = async (directory: string): Promise<void> => {
    for (const name of ["kustomization.yaml", "kustomization.yml", "Kustomization"]) {
      const text = await files.read(`${directory}/${name}`);
      if (text === undefined) continue;
      for (const line of text.split("\n").filter((resource) => resource !== "")) {
        const path = normalise(`${directory}/${line}`);
        if ((await files.stat(path)) === "directory") await visit(path);
        else objects.push(configMap(line, (await files.read(path)) ?? "missing"));
      }
      return;
    }
    throw new Error(`no kustomization in ${directory}`);
  };
  await visit((request as { path: string }).path);
  return objects;
};

export function configMap(name: string, text: string, annotations?: Record<string, string>) {
  const metadata = annotations === undefined ? { name } : { name, annotations };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { text } };
}

function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
