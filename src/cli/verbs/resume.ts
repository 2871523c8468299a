/** `mooring resume`. */
import type { Command } from "commander";
import { type ClusterFlags, clusterFlags } from "../access/flags.ts";
import { type DryRunFlags, dryRunFlag } from "../change/flags.ts";
import { asks, type Surroundings } from "../verb.ts";

const help = `
Takes spec.suspend back: what the source has now is deployed at once, and what others changed
meanwhile is put back where the Application heals. See what that is with mooring diff.

Examples:
  mooring resume shop
  mooring resume shop && mooring sync shop

Exit codes: 0, or 1 when the cluster refuses, 2 for wrong use.
It takes the right to get and patch applications.mooring.dev in the namespace.`;

export function defineResume(command: Command, surroundings: Surroundings): void {
  command.argument("<app...>", "NAME or NAMESPACE/NAME");
  dryRunFlag(clusterFlags(command)).addHelpText("after", help);
  type Flags = ClusterFlags & DryRunFlags;
  asks(command, surroundings, async (cluster, [names]: [string[]], flags: Flags) => {
    const { setSuspended } = await import("../change/suspend.ts");
    return setSuspended(cluster, names, false, flags, surroundings.terminal);
  });
}
