/** `mooring rollback`. */
import { type Command, Option } from "commander";
import { type ClusterFlags, clusterFlags } from "../access/flags.ts";
import { dryRunFlag, waitFlags } from "../change/flags.ts";
import type { RollbackFlags } from "../change/rollback.ts";
import { asks, type Surroundings } from "../verb.ts";

const help = `
Pins the Application to another commit, and skips the one that its source is at. The pin ends when
the source has a newer commit, at --until, or with --end. While it lasts, the older commit is what
is deployed, healed to and pruned by. REVISION is a commit of mooring history, its beginning, or the
full id of any other commit of the repository; without it, the last that was healthy before.

Examples:
  mooring rollback shop
  mooring rollback shop 3f2a91c --until 2h
  mooring rollback shop --end

Exit codes: 0 when it is Ready at that revision, 1 when it is not, or not in time; 2 for wrong use.
It takes the right to get and patch applications.mooring.dev in the namespace.`;

export function defineRollback(command: Command, surroundings: Surroundings): void {
  command
    .argument("<app>", "NAME or NAMESPACE/NAME")
    .argument("[revision]", "a commit of its history, or the beginning of its id")
    .addOption(
      new Option("--until <when>", "end it after a duration (2h), or at a time (RFC 3339)"),
    )
    .option("--end", "end it now: the source is followed again");
  dryRunFlag(waitFlags(clusterFlags(command))).addHelpText("after", help);
  type Flags = ClusterFlags & RollbackFlags;
  type Arguments = [string, string | undefined];
  asks(command, surroundings, async (cluster, [app, revision]: Arguments, flags: Flags) => {
    const { rollback } = await import("../change/rollback.ts");
    return rollback(cluster, app, revision, flags, surroundings);
  });
}
