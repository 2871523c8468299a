/** Reads and prints Events. */
import { watchKind } from "../../cluster/watch.ts";
import type { KubeObject } from "../../model/object.ts";
import { redactText } from "../../status/redaction.ts";
import type { Cluster } from "../access/cluster.ts";
import type { ClusterFlags } from "../access/flags.ts";
import { named } from "../access/names.ts";
import { ageOf } from "../output/age.ts";
import { type DocumentFormat, documentOf, listOf } from "../output/format.ts";
import { neutralLine } from "../output/neutral.ts";
import { shownOf } from "../output/shown.ts";
import { type Column, layOut } from "../output/table.ts";
import { exitCodes, type Surroundings } from "../verb.ts";
import {
  type ApplicationEvent,
  byTime,
  countOf,
  eventResource,
  eventsAbout,
  timeOf,
} from "./event.ts";

export interface EventsFlags extends ClusterFlags {
  watch?: true;
  output?: DocumentFormat;
}

export async function showEvents(
  cluster: Cluster,
  app: string,
  { watch, output }: EventsFlags,
  { terminal, now, signal }: Surroundings,
): Promise<number> {
  const { namespace, name } = named(app, cluster.namespace);
  const selection = { namespace, fieldSelector: eventsAbout(name) };
  const { items } = await cluster.objects.list(eventResource, selection);
  const events = (items as ApplicationEvent[]).sort(byTime);
  // Of a deleted one the Events are all that is left.
  if (events.length === 0) await cluster.applications.get(namespace, name);
  const columns = columnsOf(now);
  const lines = layOut(columns, events, terminal);
  const documents = async (some: readonly ApplicationEvent[], one: boolean) => {
    if (output === undefined) return "";
    const shown = some.map(shownOf);
    if (!one) return documentOf(listOf(shown), output);
    const texts = await Promise.all(shown.map((event) => documentOf(event, output)));
    return texts.map((text) => (output === "yaml" ? `---\n${text}` : text)).join("");
  };
  if (output !== undefined) terminal.write(await documents(events, watch === true));
  else if (events.length > 0) terminal.write(lines.headers + events.map(lines.line).join(""));
  else terminal.note(`No Events about ${namespace}/${name}.`);
  if (!watch) return exitCodes.ok;

  const told = new Map(events.map((event) => [event.metadata.uid, countOf(event)]));
  let [headers, printing] = [events.length === 0 ? lines.headers : "", Promise.resolve()];
  const tell = (object: KubeObject): void => {
    const event = object as ApplicationEvent;
    if (told.get(event.metadata.uid) === countOf(event)) return;
    told.set(event.metadata.uid, countOf(event));
    printing = printing.then(async () => {
      terminal.write(
        output === undefined ? headers + lines.line(event) : await documents([event], true),
      );
      headers = "";
    });
  };
  await watchKind({
    transport: cluster.transport,
    resource: eventResource,
    ...selection,
    metadataOnly: false,
    signal,
    handler: {
      replaced: (objects) => {
        for (const event of (objects as ApplicationEvent[]).toSorted(byTime)) tell(event);
      },
      changed: tell,
      // They end by their age.
      deleted: () => {},
      unknown: (why) => terminal.note(`note: ${neutralLine(why)}; trying again`),
      resumed: () => {},
    },
  });
  await printing;
  return exitCodes.ok;
}

function columnsOf(now: () => Date): Column<ApplicationEvent>[] {
  return [
    { header: "LAST SEEN", cell: (event) => ageOf(timeOf(event), now()) },
    { header: "TYPE", cell: ({ type }) => type ?? "" },
    { header: "REASON", cell: ({ reason }) => reason ?? "" },
    {
      header: "MESSAGE",
      cell: (event) => {
        const count = countOf(event);
        return `${redactText(event.note ?? "")}${count > 1 ? ` (${count} times)` : ""}`;
      },
      folds: true,
      tone: () => undefined,
    },
  ];
}
