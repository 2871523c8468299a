/** What the last word of a command line may be, by the definition of its command. Pure. */
import type { Argument, Command, Option } from "commander";

/** What is expected in the place of the word. */
export type Expected =
  | { kind: "verb" }
  | { kind: "flag"; flags: readonly Option[] }
  /** `prefix`: what of the word stands before the value, as in `--output=`. */
  | { kind: "value"; option: Option; prefix: string }
  | { kind: "argument"; argument: Argument; before: readonly string[] }
  | { kind: "nothing" };

export interface Line {
  /** The verb, once there is one. */
  readonly verb: string | undefined;
  /** Behind the verb; the last one is being written. */
  readonly words: readonly string[];
  readonly current: string;
}

/** @param given behind the program's name; the last may be empty */
export function lineOf(given: readonly string[]): Line {
  const words = joined(given);
  const current = words.at(-1) ?? "";
  const at = words.slice(0, -1).findIndex((word) => !word.startsWith("-"));
  if (at < 0) return { verb: undefined, words, current };
  return { verb: words[at], words: words.slice(at + 1), current };
}

export function expectedIn(command: Command | undefined, { verb, words, current }: Line): Expected {
  if (verb === undefined) return current.startsWith("-") ? { kind: "nothing" } : { kind: "verb" };
  if (command === undefined) return { kind: "nothing" };
  const used = new Set<Option>();
  const positional: string[] = [];
  let awaiting: Option | undefined;
  let onlyArguments = false;
  for (const word of words.slice(0, -1)) {
    if (awaiting !== undefined) {
      awaiting = undefined;
      continue;
    }
    if (word === "--") onlyArguments = true;
    else if (!onlyArguments && word.startsWith("-") && word !== "-") {
      const option = optionOf(command, word.split("=")[0] ?? "");
      if (option === undefined) continue;
      if (!option.variadic && !isRepeatable(option)) used.add(option);
      if (takesValue(option) && !word.includes("=")) awaiting = option;
    } else positional.push(word);
  }
  if (awaiting !== undefined) return { kind: "value", option: awaiting, prefix: "" };
  if (!onlyArguments && current.startsWith("-")) {
    const equals = current.indexOf("=");
    const option = equals < 0 ? undefined : optionOf(command, current.slice(0, equals));
    if (option !== undefined && takesValue(option))
      return { kind: "value", option, prefix: current.slice(0, equals + 1) };
    const flags = command.options.filter((one) => !one.hidden && !used.has(one));
    return { kind: "flag", flags };
  }
  const all = command.registeredArguments;
  const argument = all[positional.length] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
  return argument === undefined
    ? { kind: "nothing" }
    : { kind: "argument", argument, before: positional };
}

/** bash takes `--output=json` for three words. */
function joined(given: readonly string[]): string[] {
  const words: string[] = [];
  for (const [at, word] of given.entries()) {
    const before = words.at(-1);
    const isEquals = word === "=" && before?.startsWith("--") === true && !before.includes("=");
    const isValue = at > 0 && given[at - 1] === "=" && before?.endsWith("=") === true;
    if (before !== undefined && (isEquals || isValue)) words[words.length - 1] = before + word;
    else words.push(word);
  }
  return words;
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => long === flag || short === flag);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** Collects its values by a function of its own. */
function isRepeatable({ parseArg, argChoices }: Option): boolean {
  return parseArg !== undefined && argChoices === undefined;
}
