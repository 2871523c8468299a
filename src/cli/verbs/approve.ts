/** `mooring approve`. */
import type { Command } from "commander";
import { type ClusterFlags, clusterFlags } from "../access/flags.ts";
import type { ApproveFlags } from "../change/approve.ts";
import { dryRunFlag, waitFlags } from "../change/flags.ts";
import { asks, type Surroundings } from "../verb.ts";

const help = `
Shows which objects the prune guard holds, and lets exactly these be deleted: should the set change
before it is written, nothing is approved. Waits until they are gone.

Examples:
  mooring approve shop                             asks first
  mooring approve shop --hash 0123456789abcdef --yes

Exit codes: 0 when they are gone and the Application is Ready, 1 when not, or not in time; 2 for
wrong use. It takes the right to get and patch applications.mooring.dev in the namespace.`;

export function defineApprove(command: Command, surroundings: Surroundings): void {
  command
    .argument("<app>", "NAME or NAMESPACE/NAME")
    .option("--hash <hash>", "only this set, as status.heldPrune.hash names it")
    .option("-y, --yes", "do not ask");
  dryRunFlag(waitFlags(clusterFlags(command))).addHelpText("after", help);
  type Flags = ClusterFlags & ApproveFlags;
  asks(command, surroundings, async (cluster, [app]: [string], flags: Flags) => {
    const { approve } = await import("../change/approve.ts");
    return approve(cluster, app, flags, surroundings);
  });
}
