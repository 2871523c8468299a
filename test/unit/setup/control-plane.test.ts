import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  componentDirectory,
  controlPlaneBinaries,
  findBinaries,
  kubernetesMinors,
  monitoringToolBinaries,
  officialRendererBinaries,
  officialRenderers,
  pinnedVersion,
} from "../../../setup/control-plane.mjs";
import { supportedKubernetes } from "../../../src/cluster/supported-kubernetes.ts";

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "mooring-setup-"));
});
afterEach(() => rm(place, { recursive: true }));

async function program(directory: string, name: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, name);
  await writeFile(path, "");
  await chmod(path, 0o755);
  return path;
}

describe("the Kubernetes versions to test with", () => {
  const { oldest, newest } = supportedKubernetes;
  const minor = (version: string) => version.split(".").slice(0, 2).join(".");

  test("are the oldest and the newest that are supported, the newest unless another is asked for", () => {
    expect(kubernetesMinors().at(0)).toBe(oldest);
    expect(kubernetesMinors().at(-1)).toBe(newest);
    expect(minor(pinnedVersion("kubernetes", {}))).toBe(`v${newest}`);
    for (const one of kubernetesMinors()) {
      expect(minor(pinnedVersion("kubernetes", { MOORING_KUBERNETES: one }))).toBe(`v${one}`);
    }
  });

  test("are built with the same other components", () => {
    const env = { MOORING_KUBERNETES: oldest };
    expect(pinnedVersion("etcd", env)).toBe(pinnedVersion("etcd", {}));
  });

  test("that nobody pinned are refused, with those that there are", () => {
    for (const wanted of ["1.5", "v1.36", "../etcd", "latest"]) {
      expect(() => pinnedVersion("kubernetes", { MOORING_KUBERNETES: wanted })).toThrow(
        `MOORING_KUBERNETES is ${wanted}; it can be ${kubernetesMinors().join(", ")}`,
      );
    }
  });

  test("include the oldest by `npm run test:oldest`", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(scripts["test:oldest"]).toMatch(`MOORING_KUBERNETES=${oldest} npm test -- `);
  });
});

describe("where the control plane's binaries are", () => {
  test("is keyed by the versions that the Go modules pin", () => {
    expect(pinnedVersion("kubernetes")).toMatch(/^v1\.\d+\.\d+$/);
    expect(componentDirectory("etcd", { XDG_CACHE_HOME: "/cache" })).toMatch(
      new RegExp(`^/cache/mooring/etcd-${pinnedVersion("etcd")}-\\w+-\\w+$`),
    );
  });

  test("is $KUBEBUILDER_ASSETS for what it holds, and the cache for the rest", async () => {
    const env = { XDG_CACHE_HOME: join(place, "cache"), KUBEBUILDER_ASSETS: join(place, "assets") };
    const cached = componentDirectory("kubernetes", env);
    await program(cached, "kubectl");
    const scheduler = await program(cached, "kube-scheduler");
    const kubectl = await program(env.KUBEBUILDER_ASSETS, "kubectl");
    await writeFile(join(env.KUBEBUILDER_ASSETS, "etcd"), "not executable");
    expect(findBinaries(env)).toEqual({ kubectl, "kube-scheduler": scheduler });
  });

  test("is of the Kubernetes version that $MOORING_KUBERNETES asks for, in $KUBEBUILDER_ASSETS too", async () => {
    const env = {
      XDG_CACHE_HOME: join(place, "cache"),
      KUBEBUILDER_ASSETS: join(place, "assets"),
      MOORING_KUBERNETES: supportedKubernetes.oldest,
    };
    const cached = await program(componentDirectory("kubernetes", env), "kube-apiserver");
    const assets = await program(env.KUBEBUILDER_ASSETS, "kube-apiserver");
    const etcd = await program(env.KUBEBUILDER_ASSETS, "etcd");
    await writeFile(assets, "#!/bin/sh\necho Kubernetes v1.36.3\n");
    expect(findBinaries(env)).toEqual({ etcd, "kube-apiserver": cached });
    await writeFile(assets, `#!/bin/sh\necho Kubernetes v${supportedKubernetes.oldest}.7\n`);
    expect(findBinaries(env)).toEqual({ etcd, "kube-apiserver": assets });
  });

  test("names what is missing, and what to run", () => {
    expect(() => controlPlaneBinaries({ XDG_CACHE_HOME: place })).toThrow(
      /lacks etcd, kube-apiserver, .*kwok; run: node setup\/main\.mjs/,
    );
  });

  test("are only those of what was asked for: running needs no official kustomize or Helm", async () => {
    const env = { XDG_CACHE_HOME: place };
    const kustomize = await program(componentDirectory("kustomize", env), "kustomize");
    expect(findBinaries(env)).toEqual({});
    expect(findBinaries(env, officialRenderers)).toEqual({ kustomize });
    expect(() => monitoringToolBinaries(env)).toThrow(
      "the monitoring tools lack promtool; run: node setup/main.mjs test",
    );
    expect(() => officialRendererBinaries(env)).toThrow(
      "the official renderers lack helm; run: node setup/main.mjs test",
    );
  });
});
