/** `mooring events`: what was told of an Application. */
import type { Command } from "commander";
import { clusterFlags } from "../access/flags.ts";
import type { EventsFlags } from "../events/show.ts";
import { documentFormats, outputFlag } from "../output/format.ts";
import { asks, type Surroundings } from "../verb.ts";

const help = `
The newest last. Kubernetes keeps Events for an hour unless its administrators
chose otherwise; mooring history goes further back.

Examples:
  mooring events shop
  mooring events team-a/shop --watch
  mooring events shop -o json

Exit codes: 0, or 1 when the Application does not exist or the cluster refuses,
2 for wrong use.`;

export function defineEvents(command: Command, surroundings: Surroundings): void {
  clusterFlags(command.argument("<app>", "NAME or NAMESPACE/NAME")).option(
    "-w, --watch",
    "go on and print each new one",
  );
  outputFlag(command, documentFormats).addHelpText("after", help);
  asks(command, surroundings, async (cluster, [app]: [string], flags: EventsFlags) => {
    const { showEvents } = await import("../events/show.ts");
    return showEvents(cluster, app, flags, surroundings);
  });
}
