/** The Dockerfile and what it stages the image with. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { productionPackages } from "../../../deploy/image/packages.mjs";
import { kustomize, root } from "./manifests.ts";

interface Stage {
  readonly from: string;
  readonly instructions: readonly string[];
}

/** Its stages, each with its instructions on one line, comments left out. */
function stagesOf(text: string): Stage[] {
  const lines = text
    .replace(/^#.*\n/gm, "")
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const stages: { from: string; instructions: string[] }[] = [];
  for (const line of lines)
    if (line.startsWith("FROM ")) stages.push({ from: line.slice(5), instructions: [] });
    else stages.at(-1)?.instructions.push(line);
  return stages;
}

const stages = stagesOf(readFileSync(join(root, "Dockerfile"), "utf8"));
const image = stages.at(-1) as Stage;
const staged = stages.find(({ from }) => from.endsWith(" AS stage")) as Stage;

describe("the image", () => {
  test("is what stage.mjs stages, and nothing else", () => {
    expect(image.from).toBe("scratch");
    const fills = image.instructions.filter((one) => /^(COPY|ADD|RUN)\b/.test(one));
    expect(fills).toEqual(["COPY --from=stage /image /"]);
    expect(staged.instructions.at(-1)).toBe("RUN node deploy/image/stage.mjs --out /image");
  });

  test("runs as the user that the Deployment names, which is not root", async () => {
    expect(image.instructions).toContain("USER 65532:65532");
    const objects = await kustomize("deploy/base");
    const pod = objects.find(({ kind }) => kind === "Deployment")?.spec.template.spec;
    expect(pod.securityContext).toMatchObject({ runAsUser: 65532, runAsGroup: 65532 });
  });

  test("is built of files that are there", () => {
    const sources = stages
      .flatMap(({ instructions }) => instructions)
      .filter((one) => one.startsWith("COPY ") && !one.includes("--from="))
      .flatMap((one) => one.split(/\s+/).slice(1, -1));
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources)
      expect([source, existsSync(join(root, source))]).toEqual([source, true]);
  });

  test("takes its bases as arguments, so that they can be given with their digests", () => {
    const bases = stages.flatMap(({ from }) => /^\$\{(\w+)\}/.exec(from)?.[1] ?? []);
    expect(bases).toEqual(["NODE_IMAGE", "GO_IMAGE"]);
  });
});

test("the packages of production are those that the program imports, and none that only builds or tests", () => {
  const paths = productionPackages(root);
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  ) as Record<"dependencies" | "devDependencies", Record<string, string>>;
  expect(paths).toEqual(
    expect.arrayContaining(Object.keys(dependencies).map((name) => `node_modules/${name}`)),
  );
  for (const name of Object.keys(devDependencies).filter((one) => !one.startsWith("@types/")))
    expect(paths).not.toContain(`node_modules/${name}`);
});
