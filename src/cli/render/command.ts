/** The verb `render` of the `mooring` command. */
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { failureOf } from "../access/failure.ts";
import { terminalMessage } from "../output/message.ts";
import { parseRenderFlags, type RenderFlags, renderOptions } from "./options.ts";
import type { RenderOutput, RenderSurroundings } from "./render.ts";

export type RenderPath = (
  path: string | undefined,
  flags: RenderFlags,
  surroundings: RenderSurroundings,
) => Promise<RenderOutput>;

const after = `
Files are taken as they are on disk: uncommitted changes count, and so do files that .gitignore
names. Symlinks count as links of the repository, .git and submodules are left out. Nothing is
fetched, nothing is written to a cluster, and one is asked only with --as NAME, --kubeconfig or
--context. Without a cluster, objects that name no namespace are printed without one.

Values of Secrets are printed, unless --redact-secrets is given.

Examples:
  mooring render deploy/prod
  mooring render charts/web -f values-prod.yaml --parameter image.tag=1.2
  mooring render deploy/prod --as shop/web | kubectl diff -f -

Exits with 0, or with 2 and a message when something is wrong; then nothing is printed.`;

/** Where the modules are unless a flag says it: beside the program, in a checkout and installed. */
const renderersDirectory = fileURLToPath(new URL("../../../renderers/build", import.meta.url));

/** @param env where variables are read from */
export function defineRender(
  command: Command,
  env: Readonly<Record<string, string | undefined>>,
  render: RenderPath,
): void {
  command
    .argument("[path]", "directory of a kustomization, a chart or manifests")
    // Usage, too: 1 is for commands that compare.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .addHelpText("after", after);
  for (const option of renderOptions()) command.addOption(option);
  command.action(async (path: string | undefined, given: Record<string, unknown>) => {
    const { writeOut, writeErr } = command.configureOutput();
    const fail = (error: unknown) =>
      command
        .showHelpAfterError(false)
        .error(`error: ${terminalMessage(failureOf(error)).replaceAll("\n", "\nerror: ")}`, {
          exitCode: 2,
        });
    try {
      const flags = parseRenderFlags(given);
      const { text, notes } = await render(path, flags, {
        env,
        cwd: process.cwd(),
        input: process.stdin,
        now: () => new Date(),
        renderersDirectory,
      });
      for (const note of notes) writeErr?.(`note: ${note}\n`);
      // Whoever reads may have had enough: `| head`.
      process.stdout.on("error", () => process.exit(0));
      writeOut?.(text);
    } catch (error) {
      fail(error);
    }
  });
}
