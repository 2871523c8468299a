// Which programs run out of this checkout's node_modules right now. `npm ci` empties that
// directory, so nothing may be installed under them.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { sep } from "node:path";

/**
 * Read from /proc, where no instance can forget to sign in or out: everything of ours is run
 * by the Node (or a native tool) inside node_modules. Set-ups themselves are left out; they
 * wait for each other. Empty where there is no /proc.
 *
 * @returns {{pid: number, command: string}[]}
 */
export function runningFrom(nodeModules, proc = "/proc") {
  let entries;
  try {
    entries = readdirSync(proc);
  } catch {
    return [];
  }
  return entries
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const program = readlinkSync(`${proc}/${name}/exe`);
        if (!program.startsWith(nodeModules + sep)) return [];
        const words = readFileSync(`${proc}/${name}/cmdline`, "utf8").split("\0").filter(Boolean);
        if (words.some((word) => word.endsWith("setup/main.mjs"))) return [];
        return [{ pid: Number(name), command: words.slice(1).join(" ").slice(0, 100) }];
      } catch {
        // It ended meanwhile, or belongs to somebody else.
        return [];
      }
    });
}
