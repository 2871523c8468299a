/** `mooring history`: which revisions were deployed, when, and what became of them. */
import type { Command } from "commander";
import { shortRevision, statusOf } from "../access/application.ts";
import type { Cluster } from "../access/cluster.ts";
import { type ClusterFlags, clusterFlags } from "../access/flags.ts";
import { named } from "../access/names.ts";
import { ageOf, humanDuration } from "../output/age.ts";
import { documentOf, outputFlag } from "../output/format.ts";
import { type Column, table } from "../output/table.ts";
import { asks, exitCodes, type Surroundings } from "../verb.ts";

const formats = ["json", "yaml", "wide"] as const;

interface HistoryFlags extends ClusterFlags {
  output?: (typeof formats)[number];
}

type Entry = NonNullable<ReturnType<typeof statusOf>["history"]>[number];

const help = `
The newest first; spec.historyLimit says how many are kept. DEPLOYED is how long
ago all of it was applied, HEALTHY AFTER how long it then took. RESULT is
Deployed until it is healthy, then Healthy; Failed when it degraded before, or
could not be applied; Superseded when a newer one came before it was healthy.

Examples:
  mooring history shop
  mooring history team-a/shop -o wide    with whole revisions
  mooring history shop -o json

Exit codes: 0, or 1 when the Application does not exist or the cluster refuses,
2 for wrong use.`;

export function defineHistory(command: Command, surroundings: Surroundings): void {
  clusterFlags(command.argument("<app>", "NAME or NAMESPACE/NAME"));
  outputFlag(command, formats).addHelpText("after", help);
  asks(command, surroundings, (cluster, [app]: [string], flags: HistoryFlags) =>
    showHistory(cluster, app, flags, surroundings),
  );
}

async function showHistory(
  cluster: Cluster,
  app: string,
  { output }: HistoryFlags,
  { terminal, now }: Surroundings,
): Promise<number> {
  const { redactText } = await import("../../status/redaction.ts");
  const { namespace, name } = named(app, cluster.namespace);
  const application = await cluster.applications.get(namespace, name);
  const entries = (statusOf(application).history ?? []).map((entry) => ({
    ...entry,
    message: redactText(entry.message),
  }));
  if (output === "json" || output === "yaml") {
    terminal.write(await documentOf({ namespace, name, history: entries }, output));
    return exitCodes.ok;
  }
  if (entries.length === 0) terminal.note(`Nothing was deployed yet by ${namespace}/${name}.`);
  else terminal.write(table(columnsOf(output === "wide", now()), entries, terminal));
  return exitCodes.ok;
}

function columnsOf(wide: boolean, now: Date): Column<Entry>[] {
  return [
    { header: "REVISION", cell: ({ revision }) => (wide ? revision : shortRevision(revision)) },
    { header: "RESULT", cell: ({ result }) => result },
    { header: "DEPLOYED", cell: ({ deployedAt }) => ageOf(deployedAt, now) },
    { header: "HEALTHY AFTER", cell: healthyAfter, expendable: 3 },
    { header: "COMMITTED", cell: ({ committedAt }) => ageOf(committedAt, now), expendable: 2 },
    { header: "AUTHOR", cell: ({ author }) => author, least: 8, expendable: 1 },
    { header: "MESSAGE", cell: ({ message }) => message, least: 16, tone: () => undefined },
  ];
}

function healthyAfter({ deployedAt, healthyAt }: Entry): string {
  if (healthyAt === undefined) return "";
  return humanDuration(Date.parse(healthyAt) - Date.parse(deployedAt));
}
