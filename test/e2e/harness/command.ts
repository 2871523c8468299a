/** The `mooring` command, as a person calls it: with a kubeconfig of their own, and nothing of ours. */
import { Readable } from "node:stream";
import { createProgram, verbNamed } from "../../../src/cli/program.ts";
import type { Surroundings } from "../../../src/cli/verb.ts";
import { gitEnvironment } from "../../git/git.ts";

export interface CommandOptions {
  kubeconfig: string;
  cwd?: string;
  /** Of the terminal; without it lines are as long as they are. */
  columns?: number;
  /** Over PATH and HOME. */
  env?: Readonly<Record<string, string>>;
  /** Typed by a person at a terminal, when given. */
  typed?: string | AsyncIterable<string>;
  now?: () => Date;
}

export interface Said {
  code: number;
  out: string;
  err: string;
}

class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** Runs it to its end, in this process. */
export async function mooring(args: readonly string[], options: CommandOptions): Promise<Said> {
  const { kubeconfig, cwd = "/", columns, env, typed, now = () => new Date() } = options;
  let [out, err] = ["", ""];
  const input = Readable.from(
    typed === undefined ? [] : typeof typed === "string" ? [typed] : typed,
  );
  const surroundings: Surroundings = {
    env: { ...gitEnvironment, HOME: cwd, KUBECONFIG: kubeconfig, ...env },
    cwd,
    input: typed === undefined ? input : Object.assign(input, { isTTY: true }),
    terminal: {
      write: (text) => {
        out += text;
      },
      note: (line) => {
        err += `${line}\n`;
      },
      columns,
      colour: false,
    },
    signal: new AbortController().signal,
    now,
    exit: (code) => {
      throw new Exit(code);
    },
  };
  const never = async () => {
    throw new Error("not a verb of a person");
  };
  const actions = { runController: never, renderPath: never };
  try {
    const program = await createProgram(surroundings, actions, verbNamed(args));
    const silent = {
      writeOut: (text: string) => {
        out += text;
      },
      writeErr: (text: string) => {
        err += text;
      },
    };
    for (const command of [program, ...program.commands]) command.configureOutput(silent);
    await program.parseAsync(["node", "mooring", ...args]);
    return { code: 0, out, err };
  } catch (error) {
    if (error instanceof Exit) return { code: error.code, out, err };
    throw error;
  }
}

/**
 * What differs from run to run: commits, hashes, ports; and lines by which a hunk of a diff begins
 * further down, for versions of Kubernetes add fields to objects.
 */
export function withoutChance(text: string): string {
  return text
    .replace(/\b[0-9a-f]{40}\b/g, "<commit>")
    .replace(/applyset-[A-Za-z0-9_-]{43}-v1/g, "<set>")
    .replace(/127\.0\.0\.1:\d+/g, "<host>")
    .replace(/^@@ -[1-9]\d+,(\d+) \+[1-9]\d+,(\d+) @@$/gm, "@@ -<line>,$1 +<line>,$2 @@");
}
