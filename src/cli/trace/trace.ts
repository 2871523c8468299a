/** Where an object comes from, as data. */
import { isDeeper } from "../../model/exact-json.ts";
import {
  type KubeObject,
  type ManagedFieldsEntry,
  type ObjectRef,
  refKey,
  refOf,
} from "../../model/object.ts";
import { leaves } from "../../plan/fields.ts";
import { foreignOwnerOf, partOfLabel } from "../../plan/ownership.ts";
import { lastAppliedAnnotation, redactCredentials, redactText } from "../../status/redaction.ts";
import { specOf, statusOf } from "../access/application.ts";
import type { Cluster } from "../access/cluster.ts";
import { applicationOf } from "./application.ts";
import { lineOf } from "./owners.ts";

/** Levels of a claim; a deeper one, of a value without a schema, is told without its fields. */
const deepest = 500;

export interface Trace {
  readonly object: ObjectRef;
  /** Its owner first, then that one's, up to what somebody wrote. */
  readonly owners: readonly ObjectRef[];
  /** Absent: it is nobody's of Mooring. */
  readonly application?: TracedApplication;
  /** Who keeps it, where that is not Mooring, and everything else that is to be said. */
  readonly notes: readonly string[];
  readonly managers: readonly Manager[];
}

export interface TracedApplication {
  readonly namespace: string;
  readonly name: string;
  readonly mode?: string;
  readonly sync: string;
  readonly health: string;
  readonly source: {
    readonly url: string;
    readonly ref: string;
    readonly path: string;
  };
  readonly revision?: string;
  readonly commit?: {
    readonly id: string;
    readonly author: string;
    readonly message: string;
    readonly time: string;
  };
  /** When all of the revision was applied. */
  readonly deployedAt?: string;
  readonly result?: string;
  /** The last drift of this object or an owner; of another object of the Application when there is none. */
  readonly lastDrift?: {
    readonly object: ObjectRef;
    readonly fields: readonly string[];
    readonly manager: string;
    readonly time: string;
    readonly healed: boolean;
  };
}

export interface Manager {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly time?: string;
  readonly fields: readonly string[];
}

/** @throws ApiError */
export async function traceOf(cluster: Cluster, object: KubeObject): Promise<Trace> {
  const { objects, broken } = await lineOf(cluster, object);
  const top = objects.at(-1) ?? object;
  const id = top.metadata.labels?.[partOfLabel];
  const found =
    id === undefined ? undefined : await applicationOf(cluster, id, top.metadata.namespace);
  const refs = objects.map(refOf);
  const base = {
    object: refOf(object),
    owners: refs.slice(1),
    managers: (object.metadata.managedFields ?? []).map(managerOf),
  };
  if (typeof found === "object")
    return { ...base, application: tracedApplication(found, refs), notes: [] };
  const notes = [
    ...(broken === undefined ? [] : [`its owner ${refKey(broken.ref)}: ${broken.why}`]),
    keeperOf(top, id, found === "unseen"),
  ];
  return { ...base, notes };
}

function tracedApplication(object: KubeObject, line: readonly ObjectRef[]): TracedApplication {
  const { mode, source } = specOf(object);
  const { sync, health, revision, commit, history, lastDrift } = statusOf(object);
  const deployed = history?.find((entry) => entry.revision === revision);
  const { namespace = "", name = "" } = object.metadata;
  return {
    namespace,
    name,
    ...(mode === undefined ? {} : { mode }),
    sync: sync ?? "Unknown",
    health: health ?? "Unknown",
    source: {
      url: redactCredentials(source?.git?.url ?? ""),
      ref: refText(source?.git?.ref),
      path: source?.path ?? "",
    },
    ...(revision === undefined ? {} : { revision }),
    ...(commit === undefined ? {} : { commit: { ...commit, message: redactText(commit.message) } }),
    ...(deployed === undefined ? {} : { deployedAt: deployed.deployedAt, result: deployed.result }),
    ...(lastDrift === undefined ? {} : { lastDrift: driftOf(lastDrift, line) }),
  };
}

type Drift = NonNullable<ReturnType<typeof statusOf>["lastDrift"]>;

function driftOf(
  drift: Drift,
  line: readonly ObjectRef[],
): NonNullable<TracedApplication["lastDrift"]> {
  const { group, kind, namespace, name, fields, manager, time, healed } = drift;
  const told: ObjectRef =
    namespace === undefined ? { group, kind, name } : { group, kind, namespace, name };
  const object = line.find((ref) => refKey(ref) === refKey(told)) ?? told;
  return { object, fields, manager, time, healed };
}

function refText(ref: Readonly<Record<string, string | undefined>> | undefined): string {
  const [which] = Object.entries(ref ?? {}).filter(([, value]) => value !== undefined);
  return which === undefined ? "HEAD" : which.join(" ");
}

/** Nobody of Mooring: who then? */
function keeperOf(top: KubeObject, id: string | undefined, unseen: boolean): string {
  const what = refKey(refOf(top));
  if (unseen)
    return `${what} belongs to an Application that you may not see: you may not list Applications where it is`;
  if (id !== undefined)
    return `${what} is marked as part of ${id}, and no Application here has that id`;
  const foreign = foreignOwnerOf(top);
  if (foreign !== undefined) return `${what} is kept by ${foreign}, not by Mooring`;
  if (top.metadata.annotations?.[lastAppliedAnnotation] !== undefined)
    return `${what} was made by kubectl apply and is no Application's of Mooring`;
  const managers = [...new Set((top.metadata.managedFields ?? []).map(({ manager }) => manager))];
  const by = managers.length === 0 ? "" : `; its fields were written by ${managers.join(", ")}`;
  return `${what} is no Application's of Mooring${by}`;
}

function managerOf(entry: ManagedFieldsEntry): Manager {
  const { manager = "", operation = "", subresource, time, fieldsV1 = {} } = entry;
  return {
    manager,
    operation,
    ...(subresource === undefined || subresource === "" ? {} : { subresource }),
    ...(time === undefined ? {} : { time }),
    fields: isDeeper(fieldsV1, deepest) ? [] : leaves(fieldsV1),
  };
}
