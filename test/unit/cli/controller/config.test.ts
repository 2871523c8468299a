import { describe, expect, test } from "vitest";
import {
  ConfigError,
  configFields,
  type FieldName,
  loadConfig,
} from "../../../../src/cli/controller/config.ts";
import { defaultPruneGuard } from "../../../../src/plan/prune.ts";

function load(
  flags: Partial<Record<FieldName, string>> = {},
  env: Record<string, string> = {},
): ReturnType<typeof loadConfig> {
  return loadConfig(flags, {
    env,
    version: "1.2.3",
    randomIdentity: () => "random",
    cores: 3,
    renderersDirectory: "/app/renderers/build",
  });
}

function mistakes(
  flags: Partial<Record<FieldName, string>>,
  env: Record<string, string> = {},
): string[] {
  try {
    load(flags, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

test("without flags and variables everything has its default", () => {
  expect(load()).toEqual({
    kubeconfig: undefined,
    context: undefined,
    namespace: "mooring-system",
    identity: "random",
    defaultServiceAccount: undefined,
    watchNamespaces: [],
    host: "0.0.0.0",
    port: 8080,
    dataDir: "/tmp/mooring",
    path: "",
    sourceLimits: { lookMs: 30_000, fetchMs: 120_000, fetchBytes: 2 ** 30 },
    concurrency: 64,
    maxInFlight: 32,
    renderersDirectory: "/app/renderers/build",
    renderWorkers: 3,
    renderTimeoutMs: 90_000,
    renderMemoryBytes: 512 * 2 ** 20,
    renderOutputBytes: 64 * 2 ** 20,
    renderIdleMs: 30_000,
    renderCacheBytes: 64 * 2 ** 20,
    renderCacheDirectory: undefined,
    renderLimits: { fileBytes: 16 * 2 ** 20, files: 20_000, objects: 50_000 },
    sweepIntervalMs: 12 * 3_600_000,
    discoveryIntervalMs: 60_000,
    shards: 1,
    leaseDurationMs: 15_000,
    leaseRenewMs: 5_000,
    disallowedManagers: ["kubectl*", "before-first-apply"],
    pruneGuard: { ...defaultPruneGuard },
    argocdMetrics: false,
    logLevel: "info",
    version: "1.2.3",
  });
});

test("a flag wins over its variable, the variable over what others set, that over the default", () => {
  expect(load({}, { POD_NAMESPACE: "pod" }).namespace).toBe("pod");
  expect(load({}, { POD_NAMESPACE: "pod", MOORING_NAMESPACE: "own" }).namespace).toBe("own");
  const all = { POD_NAMESPACE: "pod", MOORING_NAMESPACE: "own" };
  expect(load({ namespace: "flag" }, all).namespace).toBe("flag");
  expect(load({}, { KUBECONFIG: "/a:/b" }).kubeconfig).toBe("/a:/b");
  expect(load({}, { POD_UID: "uid-1" }).identity).toBe("uid-1");
});

test("an empty variable is as good as none", () => {
  expect(load({}, { MOORING_CONCURRENCY: "", KUBECONFIG: "" })).toEqual(load());
});

describe("values", () => {
  test("of lists, durations, sizes, addresses and switches are read as people write them", () => {
    const config = load({
      watchNamespaces: "team-a, team-b,",
      leaseDuration: "1m30s",
      sweepInterval: "0",
      renderCache: "1Gi",
      listen: "[::1]:0",
      argocdMetrics: "true",
      pruneGuardPercent: "50",
      protectedKinds: "Namespace,*.crossplane.io",
    });
    expect(config).toMatchObject({
      watchNamespaces: ["team-a", "team-b"],
      leaseDurationMs: 90_000,
      sweepIntervalMs: 0,
      renderCacheBytes: 2 ** 30,
      host: "::1",
      port: 0,
      argocdMetrics: true,
      pruneGuard: { share: 0.5, protectedKinds: ["Namespace", "*.crossplane.io"] },
    });
  });

  test.each<[FieldName, string]>([
    ["concurrency", "0"],
    ["concurrency", "1e3"],
    ["concurrency", "16 "],
    ["leaseDuration", "15"],
    ["leaseDuration", "1d"],
    ["sweepInterval", "-1h"],
    ["renderCache", "1MB"],
    ["listen", "8080"],
    ["listen", "0.0.0.0:99999"],
    ["namespace", "Team A"],
    ["watchNamespaces", "team-a,Team_B"],
    ["argocdMetrics", "yes"],
    ["logLevel", "verbose"],
    ["protectedKinds", "name space"],
  ])("--%s %s is refused, naming flag, value and what is allowed", (name, value) => {
    const field = configFields.find((candidate) => candidate.name === name);
    expect(mistakes({ [name]: value })).toEqual([
      `${field?.flag}: ${JSON.stringify(value)} is not ${field?.allowed}`,
    ]);
    expect(mistakes({}, { [field?.variable ?? ""]: value })).toEqual([
      `${field?.variable}: ${JSON.stringify(value)} is not ${field?.allowed}`,
    ]);
  });

  test("that are wrong are all told at once", () => {
    expect(mistakes({ shards: "none", logLevel: "loud" }, { MOORING_LISTEN: "x" })).toHaveLength(3);
  });

  test("that contradict each other are refused", () => {
    expect(mistakes({ leaseRenew: "10s" })).toEqual([expect.stringContaining("at most half")]);
  });
});

describe("variables", () => {
  test("that are ours and unknown are a mistake", () => {
    expect(mistakes({}, { MOORING_WORKRS: "4" })).toEqual([
      expect.stringContaining("MOORING_WORKRS: unknown variable"),
    ]);
  });

  test("that Kubernetes sets for a Service of our name are not ours", () => {
    expect(
      load(
        {},
        {
          MOORING_SERVICE_HOST: "10.0.0.1",
          MOORING_SERVICE_PORT: "8080",
          MOORING_SERVICE_PORT_HTTP: "8080",
          MOORING_PORT: "tcp://10.0.0.1:8080",
          MOORING_PORT_8080_TCP: "tcp://10.0.0.1:8080",
          MOORING_PORT_8080_TCP_ADDR: "10.0.0.1",
          MOORING_METRICS_SERVICE_HOST: "10.0.0.2",
          MOORING_METRICS_PORT_8080_TCP_PROTO: "tcp",
        },
      ),
    ).toEqual(load());
  });

  test("of no field can be taken for one of a Service", () => {
    for (const { variable } of configFields) expect(variable).not.toMatch(/_PORT$|_SERVICE_HOST$/);
  });
});

test("every field has a flag, a variable, a description and an admissible default", () => {
  for (const field of configFields) {
    expect(field.flag).toMatch(/^--[a-z-]+$/);
    expect(field.variable).toBe(
      `MOORING_${field.flag.slice(2).replaceAll("-", "_").toUpperCase()}`,
    );
    expect(field.description.length, field.name).toBeGreaterThan(10);
    if (field.default !== undefined) expect(mistakes({ [field.name]: field.default })).toEqual([]);
  }
});
