/** The files for other people's CI, as far as their form can be checked without their programs. */
import { accessSync, constants, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";

const root = new URL("../../../", import.meta.url);
const read = (path: string): unknown => parse(readFileSync(new URL(path, root), "utf8"));

interface Step {
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}

interface Job {
  permissions?: Record<string, string>;
  steps: Step[];
  if?: string;
  "timeout-minutes"?: number;
}

describe("the hooks of pre-commit", () => {
  const hooks = read(".pre-commit-hooks.yaml") as Record<string, unknown>[];

  it("have what its manifest asks for, and nothing that it does not know", () => {
    expect(hooks.map(({ id }) => id)).toEqual(["mooring-render"]);
    const known = [
      ...["id", "name", "description", "entry", "language", "types", "require_serial"],
      ...["minimum_pre_commit_version", "stages"],
    ];
    for (const hook of hooks) {
      expect(known).toEqual(expect.arrayContaining(Object.keys(hook)));
      expect(hook).toMatchObject({ language: "script", types: ["text"], require_serial: true });
    }
  });

  it("name a script that can be run", () => {
    for (const { entry } of hooks)
      expect(() => accessSync(new URL(String(entry), root), constants.X_OK)).not.toThrow();
  });
});

describe("the workflow of GitHub", () => {
  const workflow = read("examples/ci/github-actions.yaml") as {
    on: Record<string, unknown>;
    permissions: object;
    jobs: Record<string, Job>;
  };

  it("runs on pull requests, never with the secrets of the target for a fork", () => {
    expect(Object.keys(workflow.on)).toEqual(["pull_request"]);
    expect(workflow.jobs.diff?.if).toBe(
      "github.event.pull_request.head.repo.full_name == github.repository",
    );
  });

  it("gives each job the least", () => {
    expect(workflow.permissions).toEqual({});
    expect(workflow.jobs.render?.permissions).toEqual({ contents: "read" });
    expect(workflow.jobs.diff?.permissions).toEqual({
      contents: "read",
      "pull-requests": "write",
    });
    for (const { steps, "timeout-minutes": minutes } of Object.values(workflow.jobs)) {
      expect(minutes).toBeGreaterThan(0);
      for (const step of steps) {
        if (step.uses !== undefined) expect(step.with).toEqual({ "persist-credentials": false });
      }
    }
  });

  it("writes no expression into a script: what a request says is no code", () => {
    const scripts = Object.values(workflow.jobs).flatMap(({ steps }) =>
      steps.flatMap(({ run }) => run ?? []),
    );
    expect(scripts).toHaveLength(2);
    for (const script of scripts) expect(script).not.toContain("${{");
    expect(JSON.stringify(workflow.jobs.render)).not.toContain("secrets.");
  });
});

describe("the pipeline of GitLab", () => {
  const pipeline = read("examples/ci/gitlab-ci.yaml") as Record<
    string,
    { script?: string[]; rules?: { if: string }[]; resource_group?: string; extends?: string }
  >;

  it("runs on merge requests, and compares none of a fork", () => {
    for (const job of ["mooring-render", "mooring-diff"])
      expect(pipeline[job]?.rules?.[0]?.if).toContain(
        '$CI_PIPELINE_SOURCE == "merge_request_event"',
      );
    expect(pipeline["mooring-diff"]?.rules?.[0]?.if).toContain(
      "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID",
    );
  });

  it("lets no two runs write the same note", () => {
    expect(pipeline["mooring-diff"]?.resource_group).toContain("$CI_MERGE_REQUEST_IID");
  });
});

it("the image of jobs is made from the release of this checkout, and both hosts use it", () => {
  const { version } = read("package.json") as { version: string };
  const text = (path: string) => readFileSync(new URL(path, root), "utf8");
  expect(text("examples/ci/Dockerfile")).toContain(`FROM registry.example/mooring:${version} AS`);
  for (const file of ["github-actions.yaml", "gitlab-ci.yaml"]) {
    const images = text(`examples/ci/${file}`).match(/registry\.example\S+/g) ?? [];
    expect(new Set(images)).toEqual(new Set([`registry.example/mooring-ci:${version}`]));
  }
  expect(text("docs/how-to/ci.md")).toContain(`rev: v${version} `);
});

describe("the rights of CI", () => {
  it("are one file of objects, each with a kind and a name", () => {
    const text = readFileSync(new URL("examples/ci/rbac.yaml", root), "utf8");
    const objects = parseAllDocuments(text).map(
      (document) => document.toJS() as { kind: string; metadata: { name: string } },
    );
    expect(objects.map(({ kind }) => kind)).toContain("ValidatingAdmissionPolicy");
    for (const { metadata } of objects) expect(metadata.name).toMatch(/^ci/);
  });
});
