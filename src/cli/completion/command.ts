/**
 * The hidden verb `__complete`: the shells' scripts ask it. It answers as Cobra's programs do, a
 * candidate a line with its description behind a tab, and a last line `:4` (these words) or `:0`
 * (files, too): so kubectl's own completion understands it.
 */
import type { Command } from "commander";
import type { ClusterFlags } from "../access/flags.ts";
import { neutralLine } from "../output/neutral.ts";
import type { Surroundings } from "../verb.ts";
import type { Candidate, Candidates } from "./candidates.ts";
import { expectedIn, type Line, lineOf } from "./words.ts";

/** The program with that verb loaded. */
export type LoadProgram = (verb: string | undefined) => Promise<Command>;

const deadlineMs = 3_000;
/** Of a shell, a candidate is one word. */
const plainWord = /^[\w./:@=-]+$/;

export function defineComplete(
  command: Command,
  surroundings: Surroundings,
  load: LoadProgram,
): void {
  command
    .argument("[words...]", "behind --: the command line without the program")
    .action(async (words: string[]) => {
      // Who presses Tab wants no message.
      const found = await candidatesFor(words, surroundings, load).catch((): Candidates => []);
      const lines = found === "files" ? [] : found.map(lineFor);
      surroundings.terminal.write(`${[...lines, found === "files" ? ":0" : ":4"].join("\n")}\n`);
    });
}

async function candidatesFor(
  words: readonly string[],
  { env }: Surroundings,
  load: LoadProgram,
): Promise<Candidates> {
  const line = lineOf(words);
  const helped = line.verb === "help";
  const program = await load(helped ? undefined : line.verb);
  const command = program.commands.find((one) => one.name() === line.verb);
  const expected = helped ? ({ kind: "verb" } as const) : expectedIn(command, line);
  const asked = { env, flags: flagsOf(line), current: line.current, deadlineMs };
  switch (expected.kind) {
    case "nothing":
      return [];
    case "verb":
      return fitting(verbsOf(program), line.current);
    case "flag":
      return fitting(
        expected.flags.flatMap(({ long, description }) =>
          long === undefined || long === null
            ? []
            : [{ word: long, description: firstSentence(description) }],
        ),
        line.current,
      );
    case "value": {
      const { valuesOf } = await import("./candidates.ts");
      const { option, prefix } = expected;
      const current = line.current.slice(prefix.length);
      const found = await valuesOf(option, { ...asked, current });
      if (found === "files") return found;
      return fitting(found, current).map((one) => ({ ...one, word: prefix + one.word }));
    }
    case "argument": {
      const { argumentsOf } = await import("./candidates.ts");
      const found = await argumentsOf(expected.argument, expected.before, asked);
      return found === "files" ? found : fitting(found, line.current);
    }
  }
}

function verbsOf(program: Command): Candidate[] {
  // What its help shows, so nothing that is hidden.
  return program
    .createHelp()
    .visibleCommands(program)
    .map((one) => ({ word: one.name(), description: one.description() }));
}

/** What of the line says which cluster. */
function flagsOf({ words }: Line): ClusterFlags {
  const given = (...names: readonly string[]): string | undefined => {
    for (const [at, word] of words.slice(0, -1).entries()) {
      if (names.includes(word) && at < words.length - 2) return words[at + 1];
      const name = names.find((one) => word.startsWith(`${one}=`));
      if (name !== undefined) return word.slice(name.length + 1);
    }
    return undefined;
  };
  const [namespace, kubeconfig, context] = [
    given("-n", "--namespace"),
    given("--kubeconfig"),
    given("--context"),
  ];
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
}

function fitting(candidates: readonly Candidate[], current: string): Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(current) && plainWord.test(word));
}

function lineFor({ word, description }: Candidate): string {
  return description === undefined ? word : `${word}\t${neutralLine(description)}`;
}

function firstSentence(text: string): string {
  return /^(.*?)(?:\.\s|\s\(|$)/s.exec(text)?.[1] ?? text;
}
