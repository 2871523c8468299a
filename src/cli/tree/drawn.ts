/** A tree as lines. */
import type { ObjectRef } from "../../model/object.ts";
import { ageOf } from "../output/age.ts";
import { type Column, type Layout, table } from "../output/table.ts";
import { isCustom } from "./owned.ts";
import type { Tree, TreeNode } from "./tree.ts";

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
  return table(columns, lines, layout);
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
