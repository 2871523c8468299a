/** `mooring logs`: what the controller logged of an Application, or what its Pods did. */
import type { Command } from "commander";
import { clusterFlags } from "../access/flags.ts";
import type { LogsFlags } from "../logs/show.ts";
import { outputFlag } from "../output/format.ts";
import { asks, type Surroundings } from "../verb.ts";

const help = `
Of every replica of the controller only the lines about this Application, in the
order of time. With --pods the logs of the Pods that belong to its objects.

Examples:
  mooring logs shop                       what the controller did
  mooring logs shop --follow --since 10m
  mooring logs team-a/shop -o json        one JSON object a line
  mooring logs shop --pods --tail 50      what the application itself says

It takes the right to list Pods and to get pods/log in the namespace concerned.

Exit codes: 0, or 1 when the Application does not exist or the cluster refuses,
2 for wrong use.`;

export function defineLogs(command: Command, surroundings: Surroundings): void {
  clusterFlags(command.argument("<app>", "NAME or NAMESPACE/NAME"))
    .option("--pods", "the Application's own Pods instead of the controller's")
    .option("-f, --follow", "go on and print what is said next")
    .option("--since <duration>", "what was said in this time, such as 10m")
    .option(
      "--tail <lines>",
      "the last lines (default: all; with --pods 10 of each container, or all since --since)",
    )
    .option(
      "--controller-namespace <name>",
      "namespace of the controller (default: mooring-system)",
    );
  outputFlag(command, ["json"]).addHelpText("after", help);
  asks(command, surroundings, async (cluster, [app]: [string], flags: LogsFlags) => {
    const { showLogs } = await import("../logs/show.ts");
    return showLogs(cluster, app, flags, surroundings);
  });
}
