/** What a list says of an Application. */
import { annotations } from "../../model/application.ts";
import type { KubeObject } from "../../model/object.ts";
import { redactText } from "../../status/redaction.ts";
import { conditionOf, shortRevision, specOf, statusOf } from "../access/application.ts";
import { ageOf } from "../output/age.ts";
import type { Column } from "../output/table.ts";

/** An Application at a moment; `gone` once the watch said so. */
export interface Row {
  object: KubeObject;
  gone?: true;
}

export interface Shape {
  /** More than one namespace may be in it. */
  namespaces: boolean;
  wide: boolean;
  /** What Ready says stands below the list, whole, and not in a column of it. */
  named: boolean;
}

export function columnsOf({ namespaces, wide, named }: Shape, now: () => Date): Column<Row>[] {
  return [
    ...(namespaces
      ? [{ header: "NAMESPACE", cell: ({ object }: Row) => object.metadata.namespace ?? "" }]
      : []),
    { header: "NAME", cell: ({ object }) => object.metadata.name ?? "" },
    { header: "SYNC", cell: syncOf },
    { header: "HEALTH", cell: ({ object }) => statusOf(object).health ?? "Unknown" },
    { header: "REVISION", cell: revisionOf, expendable: 2 },
    {
      header: "AGE",
      cell: ({ object }) => ageOf(object.metadata.creationTimestamp, now()),
      expendable: 1,
    },
    ...(wide ? wideColumns.filter(({ header }) => !(named && header === "MESSAGE")) : []),
  ];
}

const wideColumns: readonly Column<Row>[] = [
  { header: "MODE", cell: modeOf, expendable: 3 },
  { header: "OWNER", cell: ({ object }) => specOf(object).owner ?? "", expendable: 4 },
  {
    header: "MESSAGE",
    cell: ({ object }) => messageOf(object),
    least: 20,
    tone: () => undefined,
  },
];

/** What Ready says, whatever it is; of a suspended one first why somebody did it. */
export function messageOf(object: KubeObject): string {
  const why = object.metadata.annotations?.[annotations.suspendReason];
  const said = conditionOf(object, "Ready")?.message ?? "";
  return redactText(specOf(object).suspend === true && why ? `${why}. ${said}` : said);
}

function syncOf({ object, gone }: Row): string {
  if (gone) return "Deleted";
  return object.metadata.deletionTimestamp === undefined
    ? (statusOf(object).sync ?? "Unknown")
    : "Deleting";
}

function revisionOf({ object }: Row): string {
  const { revision, rollback } = statusOf(object);
  return `${shortRevision(revision)}${rollback === undefined ? "" : " (rollback)"}`;
}

function modeOf({ object }: Row): string {
  const { mode, suspend } = specOf(object);
  return `${mode ?? ""}${suspend === true ? " (suspended)" : ""}`;
}
