/** `mooring get`: Applications in a list. */
import type { Command } from "commander";
import type { Cluster } from "../access/cluster.ts";
import { listFlags } from "../access/flags.ts";
import type { GetFlags } from "../get/get.ts";
import { listFormats, outputFlag } from "../output/format.ts";
import { asks, type Surroundings } from "../verb.ts";

const help = `
SYNC says whether the cluster has what Git says, HEALTH how its objects are,
REVISION what was deployed last. -o wide adds mode, owner and what Ready says.
Below those that you name stands what is wrong with them, uncut.

Examples:
  mooring get                        those of the context's namespace
  mooring get -A -o wide             all, with what is wrong with them
  mooring get shop -n team-a         one of them
  mooring get team-a/shop -o yaml    all of it
  mooring get -A -l team=payments --watch

Exit codes: 0, or 1 when one that was named does not exist or the cluster
refuses, 2 for wrong use.`;

export function defineGet(command: Command, surroundings: Surroundings): void {
  command.argument("[app...]", "NAME or NAMESPACE/NAME");
  listFlags(command)
    .option("-l, --selector <labels>", "with these labels, as kubectl takes them")
    .option("-w, --watch", "go on and print each that changes");
  outputFlag(command, listFormats).addHelpText("after", help);
  asks(command, surroundings, async (cluster: Cluster, [names]: [string[]], flags: GetFlags) => {
    const { getApplications } = await import("../get/get.ts");
    return getApplications(cluster, names, flags, surroundings);
  });
}
