/** `mooring sync`. */
import type { Command } from "commander";
import { type ClusterFlags, clusterFlags } from "../access/flags.ts";
import { type DryRunFlags, dryRunFlag, type WaitFlags, waitFlags } from "../change/flags.ts";
import { asks, type Surroundings } from "../verb.ts";

const help = `
Sets the annotation mooring.dev/refresh: the controller looks at the source at once, deploys what it
has, and tries again what was refused. Waits until that is done and the Application is Ready.

Examples:
  mooring sync shop
  mooring sync shop basket -n team-a --timeout 10m
  mooring sync shop --no-wait

Exit codes: 0 when it is Ready, 1 when it is not, or not in time; 2 for wrong use.
It takes the right to get and patch applications.mooring.dev in the namespace.`;

export function defineSync(command: Command, surroundings: Surroundings): void {
  command.argument("<app...>", "NAME or NAMESPACE/NAME");
  dryRunFlag(waitFlags(clusterFlags(command))).addHelpText("after", help);
  type Flags = ClusterFlags & DryRunFlags & WaitFlags;
  asks(command, surroundings, async (cluster, [names]: [string[]], flags: Flags) => {
    const { sync } = await import("../change/sync.ts");
    return sync(cluster, names, flags, surroundings);
  });
}
