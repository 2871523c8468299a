/** The verb `diff` of the `mooring` command. */
import { type Command, Option } from "commander";
import { clusterFlags } from "../access/flags.ts";
import { documentFormats, outputFlag } from "../output/format.ts";
import { asks, exitCodes, type Surroundings } from "../verb.ts";
import type { DiffFlags } from "./run.ts";

const after = `
Every object is sent to the apiserver as a dry-run, with your own rights and as the field manager
of the Application: defaults, webhooks and policies are in the outcome, and nothing is written.
What ignoreDifferences names is left out. Of Secrets it is told that values differ, never which.

The source is read with the credentials of secretRef, where you and the Application's ServiceAccount
may read that Secret, else with those that git has on this machine. With --local nothing is fetched.

The diff is made by diff -u, or by the program that KUBECTL_EXTERNAL_DIFF names.

Examples:
  mooring diff shop
  mooring diff shop --revision feature/blue
  mooring diff shop --local .
  mooring diff --as clusters/prod/shop.yaml --local . --summary

Exits with 0 when nothing would change, 1 when something would, 2 when it cannot be told.`;

export function defineDiff(command: Command, surroundings: Surroundings): void {
  clusterFlags(command)
    .argument("[app]", "the Application: NAME or NAMESPACE/NAME")
    .addOption(
      new Option(
        "--local <dir>",
        "compare the files of this checkout, uncommitted ones too: spec.source.path below the top of its Git work tree",
      ).conflicts("revision"),
    )
    .addOption(
      new Option(
        "--root <dir>",
        "with --local, the directory that stands for the repository (default: the top of the Git work tree)",
      ),
    )
    .addOption(
      new Option(
        "--as <file>",
        "take the Application from this file; the cluster need not have it",
      ),
    )
    .addOption(
      new Option(
        "--revision <rev>",
        "compare this branch, tag or commit (default: what spec.source.git.ref says)",
      ),
    )
    .addOption(new Option("--summary", "a line for each object").conflicts("output"))
    .addOption(
      new Option("--controller-namespace <name>", "namespace of Mooring itself").default(
        "mooring-system",
      ),
    )
    .addOption(
      new Option(
        "--renderers <path>",
        "directory of kustomize.wasm and helm.wasm (default: renderers/build beside the program)",
      ),
    )
    .addOption(new Option("--timeout <duration>", "longest render").default("90s"))
    .addHelpText("after", after);
  outputFlag(command, documentFormats);
  asks(
    command,
    surroundings,
    async (cluster, [app]: [string | undefined], flags: DiffFlags) => {
      const { diff } = await import("./run.ts");
      return diff(app, flags, cluster, surroundings);
    },
    exitCodes.usage,
  );
}
