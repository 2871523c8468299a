/**
 * The fields of the controller's configuration: one zod schema. Flags, environment variables,
 * `--help` and messages are generated from it.
 */
import { z } from "zod";
import { defaultPruneGuard } from "../../plan/prune.ts";
import { logLevels } from "../../status/logging.ts";
import { address, duration, integer, list, objectName, size, text, yesOrNo } from "./values.ts";
import { prefix } from "./variables.ts";

/** What people read of a field. */
export interface FieldMeta {
  /** Placeholder of the value in `--help`. */
  argument: string;
  description: string;
  /** What may be given, for messages: `a whole number from 1 to 64`. */
  allowed: string;
  /** As people would write it; a field without has none. */
  default?: string;
  /** A variable that others set and that serves when our own is not set. */
  fallback?: string;
}

const fields = z.registry<FieldMeta>();
const MiB = 2 ** 20;

const whole = (min: number, max: number) => ({
  argument: "<n>",
  allowed: `a whole number from ${min} to ${max}`,
});
const time = (min: string, max: string) => ({
  argument: "<duration>",
  allowed: `a duration from ${min} to ${max}, such as 30s or 1h30m`,
});
const bytes = (min: string, max: string) => ({
  argument: "<size>",
  allowed: `a size from ${min} to ${max}, such as 128Mi`,
});

export const schema = z.object({
  kubeconfig: text.optional().register(fields, {
    argument: "<path>",
    allowed: "a path, or several separated by a colon",
    fallback: "KUBECONFIG",
    description: "Kubeconfig to connect with. Without one: the pod's ServiceAccount.",
  }),
  context: text.optional().register(fields, {
    argument: "<name>",
    allowed: "the name of a context of the kubeconfig",
    description: "Context of the kubeconfig instead of its current one.",
  }),
  namespace: objectName.register(fields, {
    argument: "<name>",
    allowed: "the name of a namespace",
    fallback: "POD_NAMESPACE",
    default: "mooring-system",
    description:
      "The controller's own namespace: its Leases are here, and Applications here need no ServiceAccount.",
  }),
  identity: text.optional().register(fields, {
    argument: "<id>",
    allowed: "any text",
    fallback: "POD_UID",
    description:
      "Holder of the Leases. The pod's uid, so that a restarted container goes on at once. Without one: random.",
  }),
  defaultServiceAccount: objectName.optional().register(fields, {
    argument: "<name>",
    allowed: "the name of a ServiceAccount",
    description:
      "ServiceAccount, in the Application's namespace, of Applications that name none. Without one they run in the controller's own namespace only.",
  }),
  watchNamespaces: list(objectName).register(fields, {
    argument: "<names>",
    allowed: "names of namespaces, separated by commas",
    default: "",
    description: "Namespaces to look at, Applications and objects both. Empty: all.",
  }),
  listen: address.register(fields, {
    argument: "<host:port>",
    allowed: "an address and a port, such as 0.0.0.0:8080, [::]:8080 or 127.0.0.1:0",
    default: "0.0.0.0:8080",
    description: "Where /healthz, /readyz and /metrics are served. Port 0: any free one.",
  }),
  dataDir: text.register(fields, {
    argument: "<path>",
    allowed: "a path",
    default: "/tmp/mooring",
    description: "Directory for Git data. Nothing in it is needed after a restart.",
  }),
  gitTimeout: duration("1s", "1h").register(fields, {
    ...time("1s", "1h"),
    default: "2m",
    description: "Longest fetch from a Git server; asking it for its refs takes a quarter of it.",
  }),
  gitMaxFetch: size(MiB, 16_384 * MiB).register(fields, {
    ...bytes("1Mi", "16Gi"),
    default: "1Gi",
    description: "The most that one fetch from a Git server may bring.",
  }),
  concurrency: integer(1, 1024).register(fields, {
    ...whole(1, 1024),
    default: "64",
    description: "Applications that are worked on at once.",
  }),
  maxInFlight: integer(1, 1024).register(fields, {
    ...whole(1, 1024),
    default: "32",
    description: "Requests to the apiserver at once, for each shard.",
  }),
  renderers: text.optional().register(fields, {
    argument: "<path>",
    allowed: "a path",
    description:
      "Directory of kustomize.wasm and helm.wasm. Without one: renderers/build beside the program.",
  }),
  renderWorkers: integer(1, 64)
    .optional()
    .register(fields, {
      ...whole(1, 64),
      description:
        "Threads that render, each with memory of its own while there is work. Without one: as many as cores.",
    }),
  renderTimeout: duration("100ms", "1h").register(fields, {
    ...time("100ms", "1h"),
    default: "90s",
    description:
      "Longest render of one application, waiting not counted. 1,500 objects of a kustomization take about 12s.",
  }),
  renderMemory: size(32 * MiB, 4096 * MiB).register(fields, {
    ...bytes("32Mi", "4Gi"),
    default: "512Mi",
    description: "The most memory that kustomize or Helm may take in one thread.",
  }),
  renderOutput: size(MiB, 1024 * MiB).register(fields, {
    ...bytes("1Mi", "1Gi"),
    default: "64Mi",
    description: "The most that kustomize or Helm may render for one application.",
  }),
  renderIdle: duration("1s", "24h").register(fields, {
    ...time("1s", "24h"),
    default: "30s",
    description: "After so long without work kustomize and Helm leave memory.",
  }),
  renderCache: size(0, 65_536 * MiB).register(fields, {
    ...bytes("0", "64Gi"),
    default: "64Mi",
    description: "Memory for what was rendered before.",
  }),
  renderCacheDir: text.optional().register(fields, {
    argument: "<path>",
    allowed: "a path",
    description:
      "Directory that keeps up to 1Gi of what was rendered across restarts, except what has a Secret in it. Without one: nothing is kept.",
  }),
  renderMaxFile: size(1024, 1024 * MiB).register(fields, {
    ...bytes("1Ki", "1Gi"),
    default: "16Mi",
    description: "Largest file that is rendered.",
  }),
  renderMaxFiles: integer(1, 1_000_000).register(fields, {
    ...whole(1, 1_000_000),
    default: "20000",
    description: "Most files of one application.",
  }),
  renderMaxObjects: integer(1, 1_000_000).register(fields, {
    ...whole(1, 1_000_000),
    default: "50000",
    description: "Most objects of one application.",
  }),
  sweepInterval: duration("0", "720h").register(fields, {
    ...time("0 (off)", "720h"),
    default: "12h",
    description:
      "How often each object is compared by a dry-run, spread evenly, for drift that no watch tells.",
  }),
  discoveryInterval: duration("1s", "24h").register(fields, {
    ...time("1s", "24h"),
    default: "1m",
    description: "How often the cluster is asked for its kinds.",
  }),
  shards: integer(1, 64).register(fields, {
    ...whole(1, 64),
    default: "1",
    description:
      "Shards that Applications are spread over, each with its Lease. The same for all replicas.",
  }),
  leaseDuration: duration("1s", "10m").register(fields, {
    ...time("1s", "10m"),
    default: "15s",
    description: "For how long a Lease holds without renewal; another replica takes over after it.",
  }),
  leaseRenew: duration("100ms", "5m").register(fields, {
    ...time("100ms", "5m"),
    default: "5s",
    description: "How often a Lease is renewed; at most half of its duration.",
  }),
  disallowedManagers: list(text).register(fields, {
    argument: "<names>",
    allowed: "names of field managers, separated by commas; a * at the end stands for any ending",
    default: "kubectl*,before-first-apply",
    description: "Field managers whose additions to an object are drift.",
  }),
  pruneGuardPercent: integer(0, 100).register(fields, {
    ...whole(0, 100),
    default: String(Math.round(defaultPruneGuard.share * 100)),
    description:
      "A prune of more than this share of an application's objects, and of at least --prune-guard-count, waits for an approval.",
  }),
  pruneGuardCount: integer(1, 1_000_000).register(fields, {
    ...whole(1, 1_000_000),
    default: String(defaultPruneGuard.count),
    description: "See --prune-guard-percent.",
  }),
  pruneGuardAbsolute: integer(0, 1_000_000).register(fields, {
    ...whole(0, 1_000_000),
    default: String(defaultPruneGuard.absolute),
    description: "A prune of more objects than this waits for an approval, whatever their share.",
  }),
  protectedKinds: list(z.string().regex(/^(\*|[A-Za-z][A-Za-z0-9]*)(\.[a-z0-9.*-]+)?$/)).register(
    fields,
    {
      argument: "<kinds>",
      allowed: "kinds as Kind or Kind.group, separated by commas; *.group for a whole group",
      default: defaultPruneGuard.protectedKinds.join(","),
      description: "Kinds that are never pruned without an approval.",
    },
  ),
  argocdMetrics: yesOrNo.register(fields, {
    argument: "[true|false]",
    allowed: "true or false",
    default: "false",
    description: "Also offer argocd_app_info, with Argo CD's labels, for alerts that exist.",
  }),
  logLevel: z.enum(logLevels).register(fields, {
    argument: "<level>",
    allowed: logLevels.join(", "),
    default: "info",
    description: "The least severe level that is logged.",
  }),
});

export type Fields = z.output<typeof schema>;
export type FieldName = keyof typeof schema.shape;

/** A field as `--help` shows it. */
export interface ConfigField extends FieldMeta {
  name: FieldName;
  /** `--lease-duration` */
  flag: string;
  /** `MOORING_LEASE_DURATION` */
  variable: string;
}

export const configFields: readonly ConfigField[] = (Object.keys(schema.shape) as FieldName[]).map(
  (name) => {
    const meta = fields.get(schema.shape[name]);
    if (meta === undefined) throw new Error(`the field ${name} is not described`);
    const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return {
      ...meta,
      name,
      flag: `--${words}`,
      variable: `${prefix}${words.replaceAll("-", "_").toUpperCase()}`,
    };
  },
);
