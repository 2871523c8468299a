/** A diff as people and programs read it. */
import { refKey } from "../../model/object.ts";
import { coloured, type Tone } from "../output/colour.ts";
import { jsonDocument, yamlDocument } from "../output/documents.ts";
import type { DocumentFormat } from "../output/format.ts";
import { neutralLine, neutralText } from "../output/neutral.ts";
import { type Column, table } from "../output/table.ts";
import type { Terminal } from "../output/terminal.ts";
import {
  countsOf,
  type DiffAction,
  type DiffReport,
  diffActions,
  type ObjectDiff,
} from "./report.ts";
import { externalDiff, type Texts, unifiedDiffs } from "./unified.ts";

/** Unified diffs, each below a line that says what would become of the object. */
export async function printDiff(
  report: DiffReport,
  terminal: Terminal,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const differing = report.objects.filter(({ action }) => action !== "none");
  if (differing.length === 0) return;
  const written = differing.filter(({ desired }) => desired !== undefined);
  const texts = written.map(textsOf);
  const external = env.KUBECTL_EXTERNAL_DIFF ?? "";
  const diffs = external === "" ? await unifiedDiffs(texts, report.revision, env) : [];
  for (const one of differing) {
    terminal.write(`${coloured(headline(one), tones[one.action], terminal.colour)}\n`);
    const diff = diffs[written.indexOf(one)];
    if (diff !== undefined) terminal.write(inColour(neutralText(diff), terminal.colour));
  }
  if (external !== "") await externalDiff(texts, external, env);
  terminal.write(`# ${countsOf(report.objects)}\n`);
}

/** A line for each object. */
export function printSummary(report: DiffReport, terminal: Terminal): void {
  const rows = report.objects.filter(({ action }) => action !== "none");
  if (rows.length === 0) return;
  terminal.write(table(columns, rows, terminal));
}

export function diffDocument(report: DiffReport, format: DocumentFormat): string {
  const { application, revision, notes } = report;
  const counts = Object.fromEntries(
    diffActions.map((action) => [
      action,
      report.objects.filter((one) => one.action === action).length,
    ]),
  );
  const objects = report.objects
    .filter(({ action }) => action !== "none")
    .map(({ ref, apiVersion, action, note, fields, desired }) => {
      const { kind, namespace, name } = ref;
      return {
        object: { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name },
        action,
        ...(note === undefined ? {} : { note }),
        fields,
        ...(action === "create" ? { desired } : {}),
      };
    });
  const document = { application, revision, counts, notes, objects };
  return format === "json" ? jsonDocument(document) : yamlDocument(document);
}

const words: Readonly<Record<DiffAction, string>> = {
  create: "would be created",
  change: "would be changed",
  prune: "would be pruned",
  hold: "is no longer in the source, and held from being pruned",
  leave: "is no longer in the source, and stays",
  refuse: "refused",
  unknown: "unknown",
  none: "unchanged",
};

const tones: Readonly<Record<DiffAction, Tone | undefined>> = {
  create: "good",
  change: "busy",
  prune: "bad",
  hold: "busy",
  leave: "faint",
  refuse: "bad",
  unknown: "bad",
  none: "faint",
};

const columns: readonly Column<ObjectDiff>[] = [
  { header: "ACTION", cell: ({ action }) => action, tone: ({ action }) => tones[action] },
  {
    header: "NAMESPACE",
    cell: ({ ref }) => ref.namespace ?? "",
    expendable: 2,
    tone: () => undefined,
  },
  { header: "KIND", cell: ({ ref }) => ref.kind, tone: () => undefined },
  { header: "NAME", cell: ({ ref }) => ref.name, tone: () => undefined },
  { header: "DETAILS", cell: detailsOf, least: 12, expendable: 1, tone: () => undefined },
];

function detailsOf({ note, fields }: ObjectDiff): string {
  return note ?? fields.map(({ path }) => path).join(", ");
}

function headline({ ref, action, note }: ObjectDiff): string {
  return neutralLine(`# ${refKey(ref)} ${words[action]}${note === undefined ? "" : `: ${note}`}`);
}

function textsOf({ ref, live, desired }: ObjectDiff): Texts {
  return {
    name: neutralLine(refKey(ref)),
    live: live === undefined ? "" : yamlDocument(live),
    desired: desired === undefined ? "" : yamlDocument(desired),
  };
}

function inColour(diff: string, on: boolean): string {
  if (!on) return diff;
  return diff
    .split("\n")
    .map((line) => coloured(line, lineTone(line), on))
    .join("\n");
}

function lineTone(line: string): Tone | undefined {
  if (/^(---|\+\+\+|@@) /.test(line)) return "faint";
  if (line.startsWith("+")) return "good";
  return line.startsWith("-") ? "bad" : undefined;
}
