/** `mooring check`. */
import type { Command } from "commander";
import { clusterFlags } from "../access/flags.ts";
import type { CheckFlags } from "../check/check.ts";
import { documentFormats, outputFlag } from "../output/format.ts";
import { asks, type Surroundings } from "../verb.ts";

const help = `
Each line begins with ✓ (well), ! (look at it, or it could not be asked) or ✗ (wrong). Nothing is
written: what has to be tried is tried as a dry-run.

--pre, before an installation: the cluster's version, server-side apply, clocks, whether you may
install, other GitOps controllers. Without it, of an installation: its CRD, Deployment, Pods and
Leases, the controller's rights, the ServiceAccounts of Applications and their rights, and other
controllers that write the same objects. Rights of others are asked for by SubjectAccessReviews,
which takes the right to create these.

Examples:
  mooring check --pre
  mooring check -n mooring-system -o json

Exit codes: 0 when nothing is wrong, 1 when something is, 2 for wrong use.`;

export function defineCheck(command: Command, surroundings: Surroundings): void {
  clusterFlags(command, "namespace of Mooring (default: mooring-system)")
    .option("--pre", "before an installation")
    .addHelpText("after", help);
  outputFlag(command, documentFormats);
  asks(command, surroundings, async (cluster, _: [], flags: CheckFlags) => {
    const { check } = await import("../check/check.ts");
    return check(cluster, flags, surroundings);
  });
}
