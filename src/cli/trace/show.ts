/** Finds the object, traces it and prints what was found. */
import { refKey } from "../../model/object.ts";
import { enumerate } from "../../status/bound.ts";
import type { Cluster } from "../access/cluster.ts";
import type { ClusterFlags } from "../access/flags.ts";
import { kindNamed } from "../access/kinds.ts";
import { ageOf } from "../output/age.ts";
import { facts } from "../output/facts.ts";
import { type DocumentFormat, documentOf } from "../output/format.ts";
import type { Layout } from "../output/table.ts";
import { exitCodes, type Surroundings } from "../verb.ts";
import { type Manager, type Trace, traceOf } from "./trace.ts";

export interface TraceFlags extends ClusterFlags {
  output?: DocumentFormat;
}

/** Nobody of Mooring owns it. */
const notOurs = 1;
const shownFields = 5;

export async function showTrace(
  cluster: Cluster,
  given: readonly [string, string | undefined],
  { output }: TraceFlags,
  { terminal, now }: Surroundings,
): Promise<number> {
  const [kind, name] = target(...given);
  const resource = await kindNamed(cluster.transport, kind);
  // Where it comes from is in its metadata alone: a Secret's values are never asked for.
  const object = await cluster.objects.getMetadata(resource, cluster.namespace, name);
  if (object === undefined) {
    const place = resource.namespaced ? ` in namespace ${cluster.namespace}` : "";
    throw new Error(`the cluster has no ${resource.kind} ${name}${place}`);
  }
  const trace = await traceOf(cluster, object);
  terminal.write(
    output === undefined ? told(trace, terminal, now()) : await documentOf(trace, output),
  );
  return trace.application === undefined ? notOurs : exitCodes.ok;
}

/** @throws Error when it is neither KIND NAME nor KIND/NAME */
function target(first: string, second: string | undefined): readonly [string, string] {
  if (second !== undefined && !first.includes("/")) return [first, second];
  const [kind = "", name = "", ...more] = first.split("/");
  if (second !== undefined || kind === "" || name === "" || more.length > 0)
    throw new Error(
      `${JSON.stringify(first)}: give KIND NAME or KIND/NAME, such as deployment web`,
    );
  return [kind, name];
}

function told(
  { object, owners, application, managers, notes }: Trace,
  layout: Layout,
  now: Date,
): string {
  const at = (time: string) => `${time} (${ageOf(time, now)} ago)`;
  const { commit, deployedAt, lastDrift, revision, source } = application ?? {};
  return facts(
    [
      ["Object", refKey(object)],
      ["Owned by", ...owners.map(refKey)],
      ...(application === undefined
        ? ([["Application", "none", ...notes]] as const)
        : ([
            [
              "Application",
              `${application.namespace}/${application.name} (${application.sync}, ${application.health})`,
            ],
          ] as const)),
      ...(source === undefined
        ? []
        : ([
            ["Source", `${source.url}, ${source.ref}`],
            ["Path", source.path || "(the root)"],
          ] as const)),
      ["Revision", ...(revision === undefined ? [] : [revision])],
      ...(commit === undefined
        ? []
        : ([["Commit", commit.message, `by ${commit.author}, ${at(commit.time)}`]] as const)),
      [
        "Deployed",
        ...(deployedAt === undefined ? [] : [`${at(deployedAt)}, ${application?.result}`]),
      ],
      [
        "Last drift",
        ...(lastDrift === undefined
          ? []
          : [
              `${refKey(lastDrift.object)}, ${at(lastDrift.time)}, by ${lastDrift.manager || "nobody known"}${lastDrift.healed ? ", healed" : ""}`,
              enumerate(lastDrift.fields, shownFields),
            ]),
      ],
      ["Fields", ...managers.map((manager) => managerText(manager, now))],
    ],
    layout,
  );
}

function managerText(
  { manager, operation, subresource, time, fields }: Manager,
  now: Date,
): string {
  const how = subresource === undefined ? operation : `${operation} of ${subresource}`;
  const when = time === undefined ? "" : `, ${ageOf(time, now)} ago`;
  return `${manager} (${how}${when}): ${enumerate(fields, shownFields)}`;
}
