/** Collects and prints a tree. */
import { groupOf } from "../../model/object.ts";
import { specOf } from "../access/application.ts";
import type { Cluster } from "../access/cluster.ts";
import type { ClusterFlags } from "../access/flags.ts";
import { named } from "../access/names.ts";
import { type DocumentFormat, documentOf } from "../output/format.ts";
import { neutralLine } from "../output/neutral.ts";
import { exitCodes, type Surroundings } from "../verb.ts";
import { drawn } from "./drawn.ts";
import type { Unreadable } from "./listed.ts";
import { membersOf } from "./members.ts";
import { isCustom, ownedBy } from "./owned.ts";
import { treeOf } from "./tree.ts";

export interface TreeFlags extends ClusterFlags {
  allKinds?: true;
  output?: DocumentFormat;
}

export async function showTree(
  cluster: Cluster,
  app: string,
  { allKinds, output }: TreeFlags,
  { terminal, now }: Surroundings,
): Promise<number> {
  const { namespace, name } = named(app, cluster.namespace);
  const application = await cluster.applications.get(namespace, name);
  const members = await membersOf(cluster, application);
  const owned = await ownedBy(cluster, members.objects, allKinds === true);
  const tree = treeOf(application, members, owned);
  if (output !== undefined) {
    terminal.write(await documentOf(tree, output));
    return exitCodes.ok;
  }
  terminal.write(drawn(tree, terminal, now()));
  for (const one of tree.unreadable) terminal.note(`note: ${refusal(one)}`);
  const { mode } = specOf(application);
  if (mode === "observe" || mode === "warn")
    terminal.note(
      `note: mode ${mode} marks no objects: only those that are not as Git says are shown`,
    );
  if (!allKinds && members.objects.some(({ apiVersion }) => isCustom(groupOf(apiVersion))))
    terminal.note(
      "note: what operators made for custom resources is shown as far as it is of usual kinds; --all-kinds looks at every one",
    );
  return exitCodes.ok;
}

function refusal({ kind, namespace, why }: Unreadable): string {
  const place = namespace === undefined ? "" : ` of namespace ${namespace}`;
  return neutralLine(`${kind}${place} may be missing here: ${why}`);
}
