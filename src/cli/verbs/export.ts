/** `mooring export`: Applications as they were written, for Git or another cluster. */
import type { Command } from "commander";
import { listFlags } from "../access/flags.ts";
import type { ExportFlags } from "../export/export.ts";
import { documentFormats, outputFlag } from "../output/format.ts";
import { asks, type Surroundings } from "../verb.ts";

const help = `
Without status, without what the apiserver and the controller added, and without
orders that were for once (refresh, approve-prune, rollback-*). What it prints
can be committed, and applied to another cluster; Secrets that a secretRef names
are not in it and have to be there.

Examples:
  mooring export shop > apps/shop.yaml
  mooring export -A > applications.yaml
  mooring export -A | kubectl --context other apply --server-side -f -

Exit codes: 0, or 1 when one that was named does not exist or the cluster
refuses, 2 for wrong use.`;

export function defineExport(command: Command, surroundings: Surroundings): void {
  listFlags(
    command.argument("[app...]", "NAME or NAMESPACE/NAME (default: all of the namespace)"),
  ).option("-l, --selector <labels>", "with these labels, as kubectl takes them");
  outputFlag(command, documentFormats).addHelpText("after", help);
  asks(command, surroundings, async (cluster, [names]: [string[]], flags: ExportFlags) => {
    const { exportApplications } = await import("../export/export.ts");
    return exportApplications(cluster, names, flags, surroundings);
  });
}
