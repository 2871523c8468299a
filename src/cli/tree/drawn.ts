/** A tree as lines. */

import type { HealthState } from "../../model/health.ts";
import type { ObjectRef } from "../../model/object.ts";
import { ageOf } from "../output/age.ts";
import { facts } from "../output/facts.ts";
import { neutralLine } from "../output/neutral.ts";
import { type Column, type Layout, table } from "../output/table.ts";
import { isCustom } from "./owned.ts";
import type { Tree, TreeNode } from "./tree.ts";

const fine: ReadonlySet<HealthState> = new Set(["Healthy", "Suspended"]);

interface Line {
  /** `│ └─` */
  readonly branch: string;
  readonly node: Omit<TreeNode, "owned">;
}

export function drawn({ application, objects }: Tree, layout: Layout, now: Date): string {
  const lines: Line[] = [{ branch: "", node: application }, ...branches(objects, "")];
  const elsewhere = lines.some(
    ({ node }) => node.namespace !== undefined && node.namespace !== application.namespace,
  );
  const columns: Column<Line>[] = [
    { header: "NAME", cell: ({ branch, node }) => branch + nameOf(node), tone: () => undefined },
    ...(elsewhere ? [{ header: "NAMESPACE", cell: ({ node }: Line) => node.namespace ?? "" }] : []),
    { header: "SYNC", cell: ({ node }) => node.sync ?? "" },
    { header: "HEALTH", cell: ({ node }) => node.health },
    {
      header: "AGE",
      cell: ({ node }) => (node.created === undefined ? "" : ageOf(node.created, now)),
      expendable: 2,
    },
    {
      header: "MESSAGE",
      cell: ({ node }) => node.message ?? "",
      least: 16,
      expendable: 1,
      tone: () => undefined,
    },
  ];
  const drawn = table(columns, lines, layout);
  const cut = lines.filter(({ node }) => isWrong(node) && !drawn.includes(messageOf(node)));
  if (cut.length === 0) return drawn;
  return `${drawn}\n${facts(
    cut.map(({ node }) => [nameOf(node), messageOf(node)]),
    layout,
  )}`;
}

/** What is wrong is the reason to look at a tree: it stands below where the table had to cut it. */
function isWrong({ sync, health, message }: Line["node"]): boolean {
  return message !== undefined && (sync === "OutOfSync" || !fine.has(health));
}

function messageOf({ message }: Line["node"]): string {
  return neutralLine(message ?? "");
}

function* branches(nodes: readonly TreeNode[], stem: string): Generator<Line> {
  for (const [at, node] of nodes.entries()) {
    const last = at === nodes.length - 1;
    yield { branch: `${stem}${last ? "└─" : "├─"}`, node };
    yield* branches(node.owned, `${stem}${last ? "  " : "│ "}`);
  }
}

/** `Deployment/web`; the group only where it says something. */
function nameOf({ group, kind, name }: ObjectRef): string {
  return `${kind}${isCustom(group) && kind !== "Application" ? `.${group}` : ""}/${name}`;
}
