/**
 * What a test needs of Markdown as GitHub reads it: headings, links, code blocks. No parser of it
 * is among our packages; this takes what our own files use (ATX headings, fenced blocks, inline
 * links and definitions), and links.test.ts holds it to examples.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../", import.meta.url));

const left = new Set(["node_modules", "dist", ".git", "build", "coverage", "fixtures"]);

export interface Block {
  language: string;
  text: string;
  /** Of its first line in the file, from 1. */
  line: number;
}

export interface Markdown {
  /** From the repository's root. */
  path: string;
  /** What may stand behind `#`. */
  anchors: ReadonlySet<string>;
  links: readonly { target: string; line: number }[];
  blocks: readonly Block[];
}

/** All Markdown of the repository, fixtures of tests left out. */
export function allMarkdown(directory = root): Markdown[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return left.has(entry.name) ? [] : allMarkdown(path);
    if (!entry.isFile() || !entry.name.endsWith(".md")) return [];
    return [readMarkdown(relative(root, path), readFileSync(path, "utf8"))];
  });
}

export function readMarkdown(path: string, text: string): Markdown {
  const anchors = new Set<string>();
  const links: { target: string; line: number }[] = [];
  const blocks: Block[] = [];
  let open: { fence: string; language: string; line: number; lines: string[] } | undefined;
  const withoutComments = text.replace(/<!--[\s\S]*?-->/g, (comment) =>
    comment.replace(/[^\n]/g, " "),
  );
  for (const [index, line] of withoutComments.split("\n").entries()) {
    const [, fence, language = ""] = /^\s*(`{3,}|~{3,})\s*([^`]*)$/.exec(line) ?? [];
    if (open !== undefined) {
      if (fence?.startsWith(open.fence) === true && language === "") {
        blocks.push({ language: open.language, line: open.line, text: open.lines.join("\n") });
        open = undefined;
      } else open.lines.push(line);
      continue;
    }
    if (fence !== undefined) {
      open = { fence, language: language.trim(), line: index + 2, lines: [] };
      continue;
    }
    const [, heading] = /^#{1,6}\s+(.*?)\s*#*\s*$/.exec(line) ?? [];
    if (heading !== undefined) anchors.add(unused(slug(heading), anchors));
    for (const [, id = ""] of line.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(id);
    for (const target of linksOf(line)) links.push({ target, line: index + 1 });
  }
  if (open !== undefined) throw new Error(`${path}:${open.line}: a code block is not closed`);
  return { path, anchors, links, blocks };
}

function linksOf(line: string): string[] {
  const prose = line.replace(/(`+)[^`](.*?[^`])?\1(?!`)/g, "");
  const found = [
    ...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g),
    ...prose.matchAll(/^\s{0,3}\[[^\]]+\]:\s+<?(\S+?)>?(?:\s+"[^"]*")?\s*$/g),
    ...prose.matchAll(/<(https?:\/\/[^>\s]+)>/g),
  ];
  return found.map(([, target = ""]) => target);
}

/** As GitHub makes the id of a heading. */
function slug(heading: string): string {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "");
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

function unused(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let count = 1; taken.has(free); count += 1) free = `${name}-${count}`;
  return free;
}

/** The directory that links of a file are relative to. */
export function directoryOf({ path }: Markdown): string {
  return dirname(path);
}
