/** `mooring trace`: from an object to the commit that it comes from. */
import type { Command } from "commander";
import { clusterFlags } from "../access/flags.ts";
import { documentFormats, outputFlag } from "../output/format.ts";
import type { TraceFlags } from "../trace/show.ts";
import { asks, exitCodes, type Surroundings } from "../verb.ts";

const help = `
From the object over its owners to the Application, and from there to source,
path, revision and commit; the last drift and who did it; who manages which of
the object's fields. Only metadata is read.

Examples:
  mooring trace deployment web
  mooring trace pod/web-6d4cf56db6-x7x2p -n team-a
  mooring trace clusterrole web-reader -o json

Exit codes: 0, or 1 when it belongs to no Application of Mooring (who keeps it
is said as far as it is known), 2 when it cannot be told, and for wrong use.`;

export function defineTrace(command: Command, surroundings: Surroundings): void {
  clusterFlags(
    command
      .argument("<kind>", "kind as kubectl takes it, or KIND/NAME")
      .argument("[name]", "name of the object"),
  );
  outputFlag(command, documentFormats).addHelpText("after", help);
  asks(
    command,
    surroundings,
    async (cluster, given: [string, string | undefined], flags: TraceFlags) => {
      const { showTrace } = await import("../trace/show.ts");
      return showTrace(cluster, given, flags, surroundings);
    },
    exitCodes.usage,
  );
}
