/** What the sandbox promises, of kustomize and Helm themselves. */
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { FileAnswers } from "../../../../src/render/sandbox/host.ts";
import { createSandbox, type SandboxRequest } from "../../../../src/render/sandbox/sandbox.ts";
import { warmUpOf } from "../../../../src/render/sandbox/warm-ups.ts";
import { MemoryFiles } from "./files.ts";

// A key of RSA is made of random numbers until two of them are prime.
vi.setConfig({ testTimeout: 60_000 });

const directory = fileURLToPath(new URL("../../../../renderers/build", import.meta.url));

function start() {
  const sandbox = createSandbox({ directory, workers: 1, idleMs: 60_000 });
  afterAll(() => sandbox.close());
  return (files: MemoryFiles, request: Partial<SandboxRequest>) =>
    sandbox.run(
      {
        renderer: "helm",
        request: {},
        clock: new Date("2024-05-06T07:08:09Z"),
        seed: Buffer.from("seed"),
        key: "shop/web",
        ...request,
      },
      files,
    );
}

/** All files below a directory. */
function filesOf(answers: FileAnswers, directory = ""): Record<string, string> {
  const names = answers.list(directory);
  if (typeof names === "string") throw new Error(names);
  const found: Record<string, string> = {};
  for (const name of names) {
    const path = `${directory === "" ? "" : `${directory}/`}${name.replace(/\/$/, "")}`;
    const content = answers.read(path);
    if (typeof content === "string") Object.assign(found, filesOf(answers, path));
    else found[path] = Buffer.from(content).toString();
  }
  return found;
}

describe.each(["kustomize", "helm"] as const)("%s", (renderer) => {
  test("takes the input that makes it ready, and asks neither clock nor chance", async () => {
    const warmUp = warmUpOf(renderer);
    if (warmUp === undefined) throw new Error("none");
    const request = { renderer, request: JSON.parse(warmUp.request) as unknown };
    const answer = await start()(new MemoryFiles(filesOf(warmUp.files)), request);
    expect(answer.objects.length).toBeGreaterThan(0);
    expect(answer.dependsOn).toEqual({ random: false, clock: false });
  });
});

const request = {
  path: "web",
  releaseName: "web",
  namespace: "shop",
  kubeVersion: "v1.36.0",
  apiVersions: ["v1"],
  valueFiles: [],
  ignoreMissingValueFiles: false,
  values: {},
  parameters: [],
  skipCrds: false,
  skipSchemaValidation: false,
  skipTests: false,
};
const chart = (value: string) =>
  new MemoryFiles({
    "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
    "web/templates/secret.yaml": [
      "apiVersion: v1",
      "kind: ConfigMap",
      "metadata: {name: secret}",
      `data: {value: {{ ${value} | toString | quote }} }`,
    ].join("\n"),
  });

describe("a chart that draws random numbers or asks the time", () => {
  const [one, other] = [start(), start()];

  test.each([
    ["randAlphaNum 24", { random: true, clock: false }],
    ["uuidv4", { random: true, clock: false }],
    ["randInt 0 1000000000", { random: true, clock: false }],
    ['shuffle "abcdefghijklmnopqrstuvwxyz"', { random: true, clock: false }],
    ['derivePassword 1 "long" "a" "b" "c"', { random: false, clock: false }],
    ['(genCA "ca" 365).Key', { random: true, clock: true }],
    ['genPrivateKey "ecdsa"', { random: true, clock: false }],
    ['htpasswd "user" "password"', { random: true, clock: false }],
    ['encryptAES "secretkey" "text"', { random: true, clock: false }],
    ["now", { random: false, clock: true }],
  ])(
    "comes out the same anywhere, and other for another application: %s",
    async (value, dependsOn) => {
      const first = await one(chart(value), { request });
      expect(first.dependsOn).toEqual(dependsOn);
      await other(chart("randAlphaNum 7"), { request, key: "shop/another" });
      expect(await other(chart(value), { request })).toEqual(first);
      expect(await one(chart(value), { request })).toEqual(first);
      if (!dependsOn.random) return;
      const another = { request, seed: Buffer.from("another"), key: "shop/another" };
      expect((await one(chart(value), another)).objects).not.toEqual(first.objects);
    },
  );
});
