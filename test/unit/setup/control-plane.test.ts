import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  componentDirectory,
  controlPlaneBinaries,
  findBinaries,
  officialRendererBinaries,
  officialRenderers,
  pinnedVersion,
} from "../../../setup/control-plane.mjs";

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
    expect(() => officialRendererBinaries(env)).toThrow(
      "the official renderers lack helm; run: node setup/main.mjs test",
    );
  });
});
