/** Finds the Applications that were asked for, and prints them. */

import type { KubeObject } from "../../model/object.ts";
import { ApplicationNotFound } from "../access/applications.ts";
import type { Cluster } from "../access/cluster.ts";
import { type Named, named } from "../access/names.ts";
import { documentOf, listOf, nameOf } from "../output/format.ts";
import { shownOf } from "../output/shown.ts";
import { table } from "../output/table.ts";
import { exitCodes, reportFailure, type Surroundings } from "../verb.ts";
import type { GetFlags } from "../verbs/get.ts";
import { columnsOf, type Shape } from "./columns.ts";
import { watchApplications } from "./watch.ts";

/** @returns the exit code; does not return while it watches */
export async function getApplications(
  cluster: Cluster,
  names: readonly string[],
  flags: GetFlags,
  surroundings: Surroundings,
): Promise<number> {
  const { terminal, now } = surroundings;
  if (names.length > 0 && (flags.selector !== undefined || flags.allNamespaces))
    throw new Error(
      "names are given, so --selector and --all-namespaces say nothing: leave one out",
    );
  const wanted = names.map((name) => named(name, cluster.namespace));
  const shape: Shape = {
    namespaces:
      flags.allNamespaces === true || wanted.some((one) => one.namespace !== cluster.namespace),
    wide: flags.output === "wide",
  };
  const selection = {
    namespace: flags.allNamespaces ? undefined : cluster.namespace,
    labelSelector: flags.selector,
  };
  const { items, missing } =
    wanted.length > 0
      ? await each(cluster, wanted)
      : { items: (await cluster.applications.list(selection)).items, missing: [] };
  for (const error of missing) await reportFailure(error, surroundings, exitCodes.failure);
  if (flags.watch)
    return watchApplications(
      cluster,
      { items, wanted, selection, shape, format: flags.output },
      surroundings,
    );
  switch (flags.output) {
    case "json":
    case "yaml": {
      const shown = items.map(shownOf);
      const one = names.length === 1 ? shown[0] : undefined;
      if (one !== undefined || names.length !== 1)
        terminal.write(await documentOf(one ?? listOf(shown), flags.output));
      break;
    }
    case "name":
      terminal.write(items.map((item) => `${nameOf(item)}\n`).join(""));
      break;
    default:
      if (items.length > 0)
        terminal.write(
          table(
            columnsOf(shape, now),
            items.map((object) => ({ object })),
            terminal,
          ),
        );
      else if (missing.length === 0) terminal.note(nothing(selection.namespace));
  }
  return missing.length === 0 ? exitCodes.ok : exitCodes.failure;
}

/** Those that exist, in the order in which they were named. */
async function each(
  { applications }: Cluster,
  wanted: readonly Named[],
): Promise<{ items: KubeObject[]; missing: ApplicationNotFound[] }> {
  const answers = await Promise.all(
    wanted.map(({ namespace, name }) =>
      applications.get(namespace, name).catch((error: unknown) => {
        if (error instanceof ApplicationNotFound) return error;
        throw error;
      }),
    ),
  );
  return {
    items: answers.filter((one) => !(one instanceof ApplicationNotFound)) as KubeObject[],
    missing: answers.filter((one) => one instanceof ApplicationNotFound),
  };
}

function nothing(namespace: string | undefined): string {
  return namespace === undefined
    ? "No Applications found."
    : `No Applications found in namespace ${namespace}.`;
}
