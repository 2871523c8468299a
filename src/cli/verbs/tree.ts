/** `mooring tree`: an Application's objects and what they own. */
import type { Command } from "commander";
import { clusterFlags } from "../access/flags.ts";
import { documentFormats, outputFlag } from "../output/format.ts";
import type { TreeFlags } from "../tree/show.ts";
import { asks, type Surroundings } from "../verb.ts";

const help = `
Objects are found by their marks, what they own by owner references. What you
may not list is said below the tree.

Examples:
  mooring tree shop
  mooring tree team-a/shop -o json
  mooring tree shop --all-kinds      also Secrets, custom resources and so on
                                     that operators made

Exit codes: 0, or 1 when the Application does not exist or the cluster refuses,
2 for wrong use.`;

export function defineTree(command: Command, surroundings: Surroundings): void {
  clusterFlags(command.argument("<app>", "NAME or NAMESPACE/NAME")).option(
    "--all-kinds",
    "look for owned objects of every kind",
  );
  outputFlag(command, documentFormats).addHelpText("after", help);
  asks(command, surroundings, async (cluster, [app]: [string], flags: TreeFlags) => {
    const { showTree } = await import("../tree/show.ts");
    return showTree(cluster, app, flags, surroundings);
  });
}
