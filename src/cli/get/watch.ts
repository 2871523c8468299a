/** `mooring get --watch`: a row for each Application that changes, as kubectl get --watch. */
import type { KubeObject } from "../../model/object.ts";
import type { Selection } from "../access/applications.ts";
import type { Cluster } from "../access/cluster.ts";
import type { Named } from "../access/names.ts";
import { documentOf, type ListFormat, nameOf } from "../output/format.ts";
import { neutralLine } from "../output/neutral.ts";
import { shownOf } from "../output/shown.ts";
import { layOut } from "../output/table.ts";
import { exitCodes, type Surroundings } from "../verb.ts";
import { columnsOf, type Row, type Shape } from "./columns.ts";

export interface Watched {
  /** Seen already, and printed first. */
  items: readonly KubeObject[];
  /** Only these; empty: all of the selection. */
  wanted: readonly Named[];
  selection: Selection;
  shape: Shape;
  format: ListFormat | undefined;
}

/** Until the signal. A row that says what it said before is not printed again. */
export async function watchApplications(
  cluster: Cluster,
  { items, wanted, selection, shape, format }: Watched,
  { terminal, now, signal }: Surroundings,
): Promise<number> {
  const columns = columnsOf(shape, now);
  const lines = layOut(
    columns,
    items.map((object) => ({ object })),
    terminal,
  );
  const told = new Map<string, string>();
  let headers = format === undefined || format === "wide" ? lines.headers : "";
  let printing = Promise.resolve();

  const textOf = async ({ object }: Row, line: string): Promise<string> => {
    if (format === "name") return `${nameOf(object)}\n`;
    if (format === "json") return documentOf(shownOf(object), format);
    if (format === "yaml") return `---\n${await documentOf(shownOf(object), format)}`;
    return line;
  };
  const tell = (row: Row): void => {
    const key = keyOf(row.object);
    // An age is no change.
    const state = columns
      .filter(({ header }) => header !== "AGE")
      .map(({ cell }) => cell(row))
      .join("\n");
    const whole = format === "json" || format === "yaml";
    const version = whole ? (row.object.metadata.resourceVersion ?? "") : state;
    if (told.get(key) === version) return;
    told.set(key, version);
    if (row.gone) told.delete(key);
    const text = textOf(row, lines.line(row));
    // One after another, whatever takes longer.
    printing = printing.then(async () => {
      terminal.write(headers + (await text));
      headers = "";
    });
  };
  const concerns = ({ metadata }: KubeObject): boolean =>
    wanted.length === 0 ||
    wanted.some((one) => one.namespace === metadata.namespace && one.name === metadata.name);

  const present = new Map<string, KubeObject>();
  const changed = (object: KubeObject): void => {
    if (!concerns(object)) return;
    present.set(keyOf(object), object);
    tell({ object });
  };
  const deleted = (object: KubeObject): void => {
    if (!concerns(object)) return;
    present.delete(keyOf(object));
    tell({ object, gone: true });
  };
  for (const item of items) changed(item);
  await cluster.applications.watch(
    namespacesOf(wanted, selection),
    {
      replaced(objects) {
        const there = new Set(objects.map(keyOf));
        for (const object of objects) changed(object);
        for (const [key, object] of present) if (!there.has(key)) deleted(object);
      },
      changed,
      deleted,
      unknown: (why) => terminal.note(`note: ${neutralLine(why)}; trying again`),
      resumed: () => {},
    },
    signal,
  );
  await printing;
  return exitCodes.ok;
}

/** Names may be of several namespaces: then all are watched, as only a caller who may can. */
function namespacesOf(wanted: readonly Named[], selection: Selection): Selection {
  if (wanted.length === 0) return selection;
  const namespaces = new Set(wanted.map(({ namespace }) => namespace));
  const [only] = namespaces;
  return { namespace: namespaces.size === 1 ? only : undefined };
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
