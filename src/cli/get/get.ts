/** Prints the Applications that were asked for. */
import type { KubeObject } from "../../model/object.ts";
import { conditionOf } from "../access/application.ts";
import type { Cluster } from "../access/cluster.ts";
import { nothingIn, type SelectFlags, selected } from "../access/select.ts";
import { facts } from "../output/facts.ts";
import { documentOf, type ListFormat, listOf, nameOf } from "../output/format.ts";
import { shownOf } from "../output/shown.ts";
import { type Layout, table } from "../output/table.ts";
import { exitCodes, reportFailure, type Surroundings } from "../verb.ts";
import { columnsOf, messageOf, type Shape } from "./columns.ts";
import { watchApplications } from "./watch.ts";

export interface GetFlags extends SelectFlags {
  watch?: true;
  output?: ListFormat;
}

/** @returns the exit code; does not return while it watches */
export async function getApplications(
  cluster: Cluster,
  names: readonly string[],
  flags: GetFlags,
  surroundings: Surroundings,
): Promise<number> {
  const found = await selected(cluster, names, flags);
  const { items, missing, wanted, selection } = found;
  for (const error of missing) await reportFailure(error, surroundings, exitCodes.failure);
  const shape: Shape = {
    namespaces:
      flags.allNamespaces === true ||
      wanted.some(({ namespace }) => namespace !== cluster.namespace),
    wide: flags.output === "wide",
    named: wanted.length > 0 && flags.watch !== true,
  };
  if (flags.watch) {
    const watched = { items, wanted, selection, shape, format: flags.output };
    return watchApplications(cluster, watched, surroundings);
  }
  const { terminal } = surroundings;
  if (flags.output === "json" || flags.output === "yaml") {
    const shown = items.map(shownOf);
    // As kubectl: the one that was named by itself, everything else as a List.
    const document = names.length === 1 ? shown[0] : listOf(shown);
    if (document !== undefined) terminal.write(await documentOf(document, flags.output));
  } else if (flags.output === "name") terminal.write(items.map(nameLine).join(""));
  else if (items.length > 0) {
    const rows = items.map((object) => ({ object }));
    terminal.write(table(columnsOf(shape, surroundings.now), rows, terminal));
    if (shape.named) terminal.write(messagesOf(items, shape, terminal));
  } else if (missing.length === 0) terminal.note(nothingIn(selection));
  return missing.length === 0 ? exitCodes.ok : exitCodes.failure;
}

/**
 * What Ready says of each, whole, below the list: of those that are not Ready with the reason, in
 * the wide form of all. Who names an Application wants to know what is wrong, however narrow the terminal is.
 */
function messagesOf(items: readonly KubeObject[], { namespaces, wide }: Shape, layout: Layout) {
  const told = items.flatMap((object) => {
    const { namespace, name } = object.metadata;
    const ready = conditionOf(object, "Ready")?.status === "True";
    const message = messageOf(object);
    if (message === "" || (ready && !wide)) return [];
    const said = ready ? message : `${conditionOf(object, "Ready")?.reason}: ${message}`;
    return [[namespaces ? `${namespace}/${name}` : `${name}`, said] as const];
  });
  return told.length === 0 ? "" : `\n${facts(told, layout)}`;
}

function nameLine(object: KubeObject): string {
  return `${nameOf(object)}\n`;
}
