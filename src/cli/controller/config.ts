/**
 * Configuration of the controller: read from flags and environment, checked as a whole.
 * A flag wins over its variable, the variable over the default.
 */
import { type ConfigField, configFields, type FieldName, type Fields, schema } from "./fields.ts";
import { unknownVariables } from "./variables.ts";

export { type ConfigField, configFields, type FieldName } from "./fields.ts";

/** What the controller runs with. Durations are in milliseconds, sizes in bytes. */
export interface ControllerConfig {
  kubeconfig: string | undefined;
  context: string | undefined;
  namespace: string;
  identity: string;
  defaultServiceAccount: string | undefined;
  watchNamespaces: readonly string[];
  host: string;
  port: number;
  dataDir: string;
  /** Where programs are looked for: the environment's PATH. */
  path: string;
  sourceLimits: { lookMs: number; fetchMs: number; fetchBytes: number };
  concurrency: number;
  maxInFlight: number;
  /** Of kustomize.wasm and helm.wasm. */
  renderersDirectory: string;
  renderWorkers: number;
  renderTimeoutMs: number;
  renderMemoryBytes: number;
  renderOutputBytes: number;
  renderIdleMs: number;
  renderCacheBytes: number;
  renderCacheDirectory: string | undefined;
  renderLimits: { fileBytes: number; files: number; objects: number };
  /** 0: off. */
  sweepIntervalMs: number;
  discoveryIntervalMs: number;
  shards: number;
  leaseDurationMs: number;
  leaseRenewMs: number;
  disallowedManagers: readonly string[];
  pruneGuard: { share: number; count: number; absolute: number; protectedKinds: readonly string[] };
  argocdMetrics: boolean;
  logLevel: Fields["logLevel"];
  /** Of this program. */
  version: string;
}

/** What was given that cannot be. One line a mistake, each naming the flag or variable. */
export class ConfigError extends Error {
  constructor(mistakes: readonly string[]) {
    super(mistakes.join("\n"));
    this.name = "ConfigError";
  }
}

export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  version: string;
  /** An identity for when none is given. */
  randomIdentity: () => string;
  /** That this process may use. */
  cores: number;
  /** Where the renderers' modules are when nothing is said. */
  renderersDirectory: string;
}

/**
 * @param flags by field name, as written on the command line
 * @throws ConfigError naming every flag and variable that is wrong, its value and what is allowed
 */
export function loadConfig(
  flags: Readonly<Partial<Record<FieldName, string>>>,
  surroundings: Surroundings,
): ControllerConfig {
  const { env } = surroundings;
  const mistakes = unknownVariables(
    env,
    configFields.map(({ variable }) => variable),
  );
  const values: Record<string, unknown> = {};
  for (const field of configFields) {
    const given = givenValue(field, flags, env);
    const parsed = schema.shape[field.name].safeParse(given.value);
    if (parsed.success) values[field.name] = parsed.data;
    else mistakes.push(`${given.origin}: ${JSON.stringify(given.value)} is not ${field.allowed}`);
  }
  const result = values as Fields;
  if (mistakes.length === 0 && result.leaseRenew * 2 > result.leaseDuration)
    mistakes.push(
      "--lease-renew (MOORING_LEASE_RENEW) must be at most half of --lease-duration (MOORING_LEASE_DURATION)",
    );
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return configOf(result, surroundings);
}

function configOf(given: Fields, surroundings: Surroundings): ControllerConfig {
  const { env, version, randomIdentity } = surroundings;
  return {
    kubeconfig: given.kubeconfig,
    context: given.context,
    namespace: given.namespace,
    identity: given.identity ?? randomIdentity(),
    defaultServiceAccount: given.defaultServiceAccount,
    watchNamespaces: given.watchNamespaces,
    ...given.listen,
    dataDir: given.dataDir,
    path: env.PATH ?? "",
    sourceLimits: {
      lookMs: Math.max(1_000, given.gitTimeout / 4),
      fetchMs: given.gitTimeout,
      fetchBytes: given.gitMaxFetch,
    },
    concurrency: given.concurrency,
    maxInFlight: given.maxInFlight,
    renderersDirectory: given.renderers ?? surroundings.renderersDirectory,
    renderWorkers: given.renderWorkers ?? Math.min(64, surroundings.cores),
    renderTimeoutMs: given.renderTimeout,
    renderMemoryBytes: given.renderMemory,
    renderOutputBytes: given.renderOutput,
    renderIdleMs: given.renderIdle,
    renderCacheBytes: given.renderCache,
    renderCacheDirectory: given.renderCacheDir,
    renderLimits: {
      fileBytes: given.renderMaxFile,
      files: given.renderMaxFiles,
      objects: given.renderMaxObjects,
    },
    sweepIntervalMs: given.sweepInterval,
    discoveryIntervalMs: given.discoveryInterval,
    shards: given.shards,
    leaseDurationMs: given.leaseDuration,
    leaseRenewMs: given.leaseRenew,
    disallowedManagers: given.disallowedManagers,
    pruneGuard: {
      share: given.pruneGuardPercent / 100,
      count: given.pruneGuardCount,
      absolute: given.pruneGuardAbsolute,
      protectedKinds: given.protectedKinds,
    },
    argocdMetrics: given.argocdMetrics,
    logLevel: given.logLevel,
    version,
  };
}

/** The value of a field and where it came from. An empty variable counts as not set. */
function givenValue(
  field: ConfigField,
  flags: Readonly<Partial<Record<FieldName, string>>>,
  env: Surroundings["env"],
): { value: string | undefined; origin: string } {
  const flag = flags[field.name];
  if (flag !== undefined) return { value: flag, origin: field.flag };
  for (const variable of [field.variable, field.fallback]) {
    const value = variable === undefined ? undefined : env[variable];
    if (variable !== undefined && value !== undefined && value !== "")
      return { value, origin: variable };
  }
  return { value: field.default, origin: field.flag };
}
