/** `mooring suspend`. */
import type { Command } from "commander";
import { type ClusterFlags, clusterFlags } from "../access/flags.ts";
import { dryRunFlag } from "../change/flags.ts";
import type { SuspendFlags } from "../change/suspend.ts";
import { asks, type Surroundings } from "../verb.ts";

const help = `
Sets spec.suspend: nothing is deployed, healed or pruned until mooring resume. Objects stay as they
are. Where the Application is itself kept from Git, it is said who may put this back.

Examples:
  mooring suspend shop --reason "incident 4711, ask Ann"
  mooring suspend shop basket -n team-a

Exit codes: 0, or 1 when the cluster refuses, 2 for wrong use.
It takes the right to get and patch applications.mooring.dev in the namespace.`;

export function defineSuspend(command: Command, surroundings: Surroundings): void {
  command
    .argument("<app...>", "NAME or NAMESPACE/NAME")
    .option("--reason <text>", "why, for whoever finds it so: kept in an annotation until resume");
  dryRunFlag(clusterFlags(command)).addHelpText("after", help);
  type Flags = ClusterFlags & SuspendFlags;
  asks(command, surroundings, async (cluster, [names]: [string[]], flags: Flags) => {
    const { setSuspended } = await import("../change/suspend.ts");
    return setSuspended(cluster, names, true, flags, surroundings.terminal);
  });
}
