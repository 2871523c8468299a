/**
 * Links in Markdown. Those to other places are checked for their form alone: tests have no
 * internet, and a page that is away for an hour must not fail a change.
 */
import { existsSync, statSync } from "node:fs";
import { join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { allMarkdown, directoryOf, type Markdown, readMarkdown, root } from "./markdown.ts";

const pages = allMarkdown();
const byPath = new Map(pages.map((page) => [page.path, page]));

/** What is wrong with a link; undefined when nothing is. */
function objection(page: Markdown, target: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) {
    const isFine = /^(https?:\/\/|mailto:)/.test(target) && URL.canParse(target);
    return isFine ? undefined : "is no well-formed http(s) URL";
  }
  const [path = "", anchor] = target.split("#");
  const place = path === "" ? page.path : normalize(join(directoryOf(page), path));
  if (place.startsWith("..")) return "leads out of the repository";
  if (!existsSync(join(root, place))) return "is not there";
  if (anchor === undefined) return undefined;
  const anchors = byPath.get(place)?.anchors ?? new Set();
  return anchors.has(anchor) ? undefined : `has no heading #${anchor}`;
}

/** Pages of docs/ that a page leads to; a directory without a README.md shows all that it has. */
function ledTo(page: Markdown): Markdown[] {
  return page.links.flatMap(({ target }) => {
    const place = normalize(join(directoryOf(page), target.split("#")[0] ?? ""));
    const found = byPath.get(place);
    if (found !== undefined) return [found];
    const directory = place.replace(/\/$/, "");
    if (!existsSync(join(root, directory)) || !statSync(join(root, directory)).isDirectory())
      return [];
    const index = byPath.get(join(directory, "README.md"));
    return index === undefined
      ? pages.filter((other) => directoryOf(other) === directory)
      : [index];
  });
}

describe("the Markdown of the repository", () => {
  it("is found", () => {
    expect(pages.length).toBeGreaterThan(20);
    expect(byPath.has("README.md")).toBe(true);
  });

  it("has no link that leads nowhere", () => {
    const broken = pages.flatMap((page) =>
      page.links.flatMap(({ target, line }) => {
        const what = objection(page, target);
        return what === undefined ? [] : [`${page.path}:${line}: ${target} ${what}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  it("is reached from docs/README.md, as far as it is in docs/", () => {
    const start = byPath.get("docs/README.md");
    const reached = new Set(start === undefined ? [] : [start]);
    for (const page of reached) for (const next of ledTo(page)) reached.add(next);
    const lost = pages.filter(({ path }) => path.startsWith("docs/")).map((page) => page);
    expect(lost.filter((page) => !reached.has(page)).map(({ path }) => path)).toEqual([]);
  });
});

describe("the reading of Markdown", () => {
  const page = readMarkdown(
    "docs/x.md",
    [
      "# A heading: with `code`, and more",
      "## Twice",
      "## Twice",
      'A [link](README.md), [another](a.md#b "title"), `[no](link.md)`, <https://a.example/b>.',
      "<!-- [hidden](gone.md)",
      "-->",
      "````sh",
      "```",
      "# [no](heading.md)",
      "````",
      "[definition]: https://b.example/c",
    ].join("\n"),
  );

  it("takes headings as GitHub names them", () => {
    expect([...page.anchors]).toEqual(["a-heading-with-code-and-more", "twice", "twice-1"]);
  });

  it("takes links, and none in code and comments", () => {
    const targets = ["README.md", "a.md#b", "https://a.example/b", "https://b.example/c"];
    expect(page.links.map(({ target }) => target)).toEqual(targets);
  });

  it("takes code blocks, with a fence inside of one", () => {
    expect(page.blocks).toEqual([{ language: "sh", line: 8, text: "```\n# [no](heading.md)" }]);
    expect(() => readMarkdown("x.md", "```\nopen")).toThrow("x.md:2: a code block is not closed");
  });

  it("would notice a link that leads nowhere", () => {
    const readme = byPath.get("README.md") as Markdown;
    expect(objection(readme, "docs/none.md")).toBe("is not there");
    expect(objection(readme, "#none")).toBe("has no heading #none");
    expect(objection(readme, "../x")).toBe("leads out of the repository");
    expect(objection(readme, "https://")).toBe("is no well-formed http(s) URL");
    expect(objection(readme, "javascript:alert(1)")).toBe("is no well-formed http(s) URL");
    expect(objection(readme, "docs/#x")).toBe("has no heading #x");
  });
});
