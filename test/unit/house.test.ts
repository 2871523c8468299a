/** The house: a folder of src imports only from those above it, and no file imports in a circle. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const src = fileURLToPath(new URL("../../src", import.meta.url));

/** From the top: each may import those before it. Siblings share a line and never meet. */
const floors: readonly (readonly string[])[] = [
  ["model"],
  ["health"],
  ["plan"],
  ["dialect", "source", "render", "cluster"],
  ["apply"],
  ["status"],
  ["reconcile"],
  ["api"],
  ["cli"],
  ["controller.ts"],
  ["main.ts"],
];
/** api reads projections and enqueues: it drives no stage. cli renders and reads, and applies nothing. */
const forbidden: Readonly<Record<string, readonly string[]>> = {
  apply: ["dialect", "source", "render"],
  status: ["dialect", "source", "render", "apply"],
  api: ["apply", "reconcile", "source", "render", "dialect", "cluster"],
  cli: ["apply", "api"],
};

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".ts"),
);

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), "utf8");
  const found = [...text.matchAll(/(?:\bfrom|\bimport|new URL\()\s*\(?"(\.[^"]+\.ts)"/g)];
  return found.map(([, path = ""]) => relative(src, join(src, dirname(file), path)));
}

const roomOf = (file: string) => file.split("/")[0] ?? file;
const floorOf = (room: string) => floors.findIndex((floor) => floor.includes(room));

/** Why this import is not allowed; undefined when it is. */
function objection(from: string, to: string): string | undefined {
  const [lower, upper] = [roomOf(from), roomOf(to)];
  if (lower === upper) return undefined;
  if (floorOf(upper) < 0) return `${from} imports ${to}, which is in no room`;
  if (floorOf(upper) >= floorOf(lower))
    return `${from} imports ${to}: ${upper}/ is not above ${lower}/`;
  if (forbidden[lower]?.includes(upper))
    return `${from} imports ${to}: ${lower}/ has no business in ${upper}/`;
  return undefined;
}

/** Files that lead back to themselves. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      found.push([...path.slice(start), file]);
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

describe("the house", () => {
  const graph = new Map(files.map((file) => [file, importsOf(file)]));

  it("is read at all", () => {
    expect(graph.size).toBeGreaterThan(100);
    expect(graph.get("controller.ts")).toContain("reconcile/controller.ts");
  });

  it("has every file in a room", () => {
    expect(files.filter((file) => floorOf(roomOf(file)) < 0)).toEqual([]);
  });

  it("imports downwards only", () => {
    const objections = [...graph].flatMap(([from, all]) =>
      all.flatMap((to) => objection(from, to) ?? []),
    );
    expect(objections).toEqual([]);
  });

  it("has no circle", () => {
    expect(circles(graph)).toEqual([]);
  });

  it("would notice an upward import, a sibling's and a circle", () => {
    expect(objection("plan/plan.ts", "apply/apply.ts")).toBeDefined();
    expect(objection("source/tree.ts", "render/render.ts")).toBeDefined();
    expect(objection("api/server.ts", "apply/apply.ts")).toBeDefined();
    expect(objection("reconcile/status.ts", "status/conditions.ts")).toBeUndefined();
    const circle = new Map([
      ["a.ts", ["b.ts"]],
      ["b.ts", ["c.ts"]],
      ["c.ts", ["a.ts"]],
    ]);
    expect(circles(circle)).toEqual([["a.ts", "b.ts", "c.ts", "a.ts"]]);
  });
});
