/** Calls of `mooring` in shell scripts, as the documentation has them. */

/** Verb -> its flags, long and short. */
export type Program = ReadonlyMap<string, ReadonlySet<string | undefined>>;

/** What calls of `mooring` name that the program does not have. */
export function mistakesIn(script: string, program: Program): string[] {
  return commandsOf(script).flatMap((words) => {
    const [verb = "", ...args] = words;
    if (verb.startsWith("-")) return [];
    const flags = program.get(verb);
    if (flags === undefined) return [`there is no verb ${verb}`];
    return args
      .filter((word) => /^-{1,2}[a-zA-Z]/.test(word))
      .map((word) => word.split("=")[0] ?? word)
      .filter((flag) => !flags.has(flag) && flag !== "--help" && flag !== "-h")
      .map((flag) => `mooring ${verb} has no flag ${flag}`);
  });
}

/** The words behind `mooring` of each call of it. */
function commandsOf(script: string): string[][] {
  const lines = script
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, ""));
  const commands = lines.flatMap((line) => line.split(/\|\|?|&&|;|\$\(|\)/));
  return commands.flatMap((command) => {
    const words = command.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
    const at = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
    const from = ["npx", "kubectl", "exec"].includes(words[at] ?? "") ? at + 1 : at;
    return words[from] === "mooring" ? [words.slice(from + 1)] : [];
  });
}
