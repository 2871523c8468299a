/**
 * The runbooks of docs/runbooks, followed on a real cluster: each `sh` block is one script, run as
 * whoever is on call runs it, with kubectl and mooring on the PATH. What was not followed is known.
 */
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { controlPlaneBinaries } from "../../../setup/control-plane.mjs";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import { runAsReader } from "./documented-commands.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const directory = join(root, "docs/runbooks");

export interface RunbookBlock {
  /** Its file, without `.md`. */
  page: string;
  /** Of the section that it stands in. */
  heading: string;
  /** Of its first line, from 1. */
  line: number;
  script: string;
}

/** Every `sh` block of every runbook, in the order of the pages. */
export async function runbookBlocks(): Promise<RunbookBlock[]> {
  const files = (await readdir(directory)).filter((name) => name.endsWith(".md")).sort();
  const pages = files.map(async (file) =>
    blocksOf(file.slice(0, -".md".length), await readFile(join(directory, file), "utf8")),
  );
  return (await Promise.all(pages)).flat();
}

/** Fences may be indented, as in lists: their scripts are then, too, which shells do not mind. */
export function blocksOf(page: string, text: string): RunbookBlock[] {
  const blocks: RunbookBlock[] = [];
  let heading = "";
  let open: { line: number; lines: string[]; isShell: boolean } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const [, language] = /^\s*```(\w*)\s*$/.exec(line) ?? [];
    if (open !== undefined && language === "") {
      const script = open.lines.join("\n");
      if (open.isShell) blocks.push({ page, heading, line: open.line, script });
      open = undefined;
    } else if (open !== undefined) open.lines.push(line);
    else if (language !== undefined)
      open = { line: index + 2, lines: [], isShell: language === "sh" };
    else heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
  }
  return blocks;
}

export class Runbooks {
  readonly #plane: ControlPlane;
  readonly #blocks: readonly RunbookBlock[];
  readonly #path: string;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #afterEach: () => Promise<unknown>;
  readonly #followed = new Set<RunbookBlock>();

  private constructor(
    plane: ControlPlane,
    blocks: readonly RunbookBlock[],
    path: string,
    variables: Readonly<Record<string, string>>,
    afterEach: () => Promise<unknown>,
  ) {
    this.#plane = plane;
    this.#blocks = blocks;
    this.#path = path;
    this.#variables = variables;
    this.#afterEach = afterEach;
  }

  /**
   * @param variables what whoever is on call has set in the shell, in all runbooks
   * @param afterEach what a real cluster would do after a script
   */
  static async open(
    plane: ControlPlane,
    variables: Readonly<Record<string, string>>,
    afterEach: () => Promise<unknown>,
  ): Promise<Runbooks> {
    const tools = join(plane.dir, "tools");
    await mkdir(tools, { recursive: true });
    const command = join(tools, "mooring");
    const main = join(root, "bin/mooring.mjs");
    await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
    await chmod(command, 0o755);
    const path = `${tools}:${dirname(controlPlaneBinaries().kubectl)}:/usr/bin:/bin`;
    return new Runbooks(plane, await runbookBlocks(), path, variables, afterEach);
  }

  /** Runs a script of ours as if it stood in a runbook. @returns what it printed */
  async run(script: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
    const said = await runAsReader(this.#plane, script, {
      PATH: this.#path,
      ...this.#variables,
      ...variables,
    });
    await this.#afterEach();
    return said;
  }

  /**
   * Runs the blocks of a section, in their order.
   * @param only which of them, from 0; default all
   * @returns what each printed
   * @throws Error naming the block whose commands fail, or when the section has none
   */
  async follow(
    page: string,
    heading: string,
    variables: Readonly<Record<string, string>> = {},
    only?: readonly number[],
  ): Promise<string[]> {
    const all = this.#blocks.filter((block) => block.page === page && block.heading === heading);
    const chosen = only === undefined ? all : only.map((index) => all[index]);
    if (chosen.length === 0) throw new Error(`${page}.md has no commands under "${heading}"`);
    const said: string[] = [];
    for (const block of chosen) {
      if (block === undefined) throw new Error(`${page}.md: fewer blocks under "${heading}"`);
      said.push(
        await this.run(block.script, variables).catch((error: Error) => {
          throw new Error(`docs/runbooks/${page}.md:${block.line} ${error.message}`);
        }),
      );
      this.#followed.add(block);
    }
    return said;
  }

  /** `drift.md:42`, of each block that was not followed. */
  left(): string[] {
    return this.#blocks
      .filter((block) => !this.#followed.has(block))
      .map(({ page, line }) => `${page}.md:${line}`);
  }
}
