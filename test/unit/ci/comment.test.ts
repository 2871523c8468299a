/** examples/ci/comment.mjs against hosts on loopback, and a program that answers what a test says. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Host, robot, startHost, token } from "../../ci/hosts.ts";
import { githubEvent, githubJob, gitlabJob, type Run, runScript } from "../../ci/run.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-ci-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const head = "9e2e475aa0b1c2d3e4f5061728394a5b6c7d8e9f";
const marker = "<!-- mooring-preview  -->";
const target = "applications/shop.yaml";

interface Answers {
  render?: { code?: number; stdout?: string; stderr?: string };
  diff?: { code?: number; stdout?: string; stderr?: string };
}

/** Prints what a test says, and writes down how it was called. */
async function program(answers: Answers): Promise<string> {
  const path = join(directory, "mooring.mjs");
  const text = `#!${process.execPath}
import { appendFileSync } from "node:fs";
const { code = 0, stdout = "", stderr = "" } = ${JSON.stringify(answers)}[process.argv[2]] ?? {};
appendFileSync(${JSON.stringify(join(directory, "calls"))}, JSON.stringify({ args: process.argv.slice(2), env: process.env }) + "\\n");
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
`;
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

async function calls(): Promise<{ args: string[]; env: Record<string, string> }[]> {
  const lines = (await readFile(join(directory, "calls"), "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as { args: string[]; env: Record<string, string> });
}

async function onGitHub(host: Host, answers: Answers, args: readonly string[] = [target]) {
  const event = join(directory, "event.json");
  await writeFile(event, githubEvent(head));
  const env = { ...githubJob(host, event), MOORING: await program(answers) };
  return runScript("comment.mjs", args, { cwd: directory, env });
}

async function onGitLab(host: Host, answers: Answers): Promise<Run> {
  const env = { ...gitlabJob(host, head), MOORING: await program(answers) };
  return runScript("comment.mjs", [target], { cwd: directory, env });
}

const differing: Answers = {
  render: { stdout: "---\nkind: A\n---\nkind: B\n" },
  diff: { code: 1, stdout: "-a: 1\n+a: 2\n" },
};

describe.each([
  ["GitHub", "github", onGitHub, "PATCH"],
  ["GitLab", "gitlab", onGitLab, "PUT"],
] as const)("on %s", (_name, kind, run, method) => {
  test("differences are no failure: they are one comment, that the next run updates", async () => {
    await using host = await startHost(kind);
    // Somebody quotes it, and there is more than a page of talk.
    host.comments.push({ id: 1, body: `${marker} mine`, author: "mallory" });
    for (let id = 2; id <= 120; id += 1) host.comments.push({ id, body: "talk", author: "eve" });

    expect(await run(host, differing)).toMatchObject({ code: 0, stderr: "" });
    const [comment] = host.comments.filter(({ author }) => author === robot[kind]);
    expect(comment?.body).toContain("**applications/shop.yaml**: differs from the cluster");
    expect(comment?.body).toContain("```diff\n-a: 1\n+a: 2\n```");
    expect(comment?.body).toContain(`At commit \`${head}\``);

    expect(await run(host, { ...differing, diff: { code: 0 } })).toMatchObject({ code: 0 });
    const written = host.comments.filter(({ author }) => author === robot[kind]);
    expect(written).toHaveLength(1);
    expect(written[0]?.body).toContain("no difference");
    expect(host.requests.filter((line) => line.startsWith(method))).toHaveLength(1);
    expect(host.comments[0]?.body).toBe(`${marker} mine`);
  });

  test("what cannot be rendered or compared is posted, and ends with 1", async () => {
    await using host = await startHost(kind);
    const broken = { render: { code: 2, stderr: "error: shop.yaml:3: it is broken\n" } };
    expect((await run(host, broken)).code).toBe(1);
    expect(host.comments[0]?.body).toContain("cannot be rendered");
    expect(host.comments[0]?.body).toContain("error: shop.yaml:3: it is broken");
    const refused = { ...differing, diff: { code: 2, stderr: "error: forbidden\n" } };
    expect((await run(host, refused)).code).toBe(1);
    expect(host.comments).toHaveLength(1);
    expect(host.comments[0]?.body).toContain("error: forbidden");
  });

  test("a text that is too long for the host is cut at a line, its end is in the log", async () => {
    await using host = await startHost(kind);
    const line = `+${"x".repeat(99)}\n`;
    const stdout = `${line.repeat(20_000)}+the end\n`;
    const answers = { render: { stdout }, diff: { code: 1, stdout } };
    const { code, stdout: logged } = await run(host, answers);
    expect(code).toBe(0);
    expect(logged).toContain("+the end");
    const body = host.comments[0]?.body ?? "";
    expect(body.length).toBeGreaterThan(50_000);
    expect(body).toContain(`${line}\`\`\`\nCut: all of it is in the log of the job.`);
  });
});

test("no text of a repository ends the block that it stands in, or hides", async () => {
  await using host = await startHost("github");
  const stdout =
    "+a: ```\n+</details>\n+`````` @everyone\n+\u001b[31mred\u001b[0m \u202eevil\u0007\n";
  await onGitHub(host, { ...differing, diff: { code: 1, stdout } });
  const body = host.comments[0]?.body ?? "";
  expect(body).toContain(
    "```````diff\n+a: ```\n+</details>\n+`````` @everyone\n+red \\u{202e}evil\\u{7}\n```````\n",
  );
});

test("nothing that is printed is taken for a command of the workflow", async () => {
  await using host = await startHost("github");
  const stdout = "::add-mask::a\n::set-output name=x::y\n";
  const { stdout: logged } = await onGitHub(host, { ...differing, diff: { code: 1, stdout } });
  const [, pause = ""] = /^::stop-commands::(\S+)$/m.exec(logged) ?? [];
  const [, inside = ""] = logged.split(new RegExp(`::(?:stop-commands::)?${pause}(?:::)?\\n`));
  expect(pause).toMatch(/^[0-9a-f-]{36}$/);
  expect(inside).toContain("::add-mask::a");
});

test("the program gets no token of the host, and what it needs", async () => {
  await using host = await startHost("github");
  await onGitHub(host, differing);
  const [render, diff] = await calls();
  expect(render?.args).toEqual(["render", "--as", target, "--root", ".", "--redact-secrets"]);
  expect(diff?.args).toEqual(["diff", "--as", target, "--local", ".", "--root", "."]);
  for (const call of [render, diff]) expect(JSON.stringify(call?.env)).not.toContain(token);
  await onGitHub(host, differing, ["team-a/shop"]);
  const [, , , named] = await calls();
  expect(named?.args.slice(0, 2)).toEqual(["diff", "team-a/shop"]);
});

test("a fork's run has no token: it ends well, and what it found is in the log", async () => {
  await using host = await startHost("github");
  const event = join(directory, "event.json");
  await writeFile(event, githubEvent(head));
  const { GITHUB_TOKEN: _, ...env } = githubJob(host, event);
  const MOORING = await program(differing);
  const run = await runScript("comment.mjs", [target], {
    cwd: directory,
    env: { ...env, MOORING },
  });
  expect(run).toMatchObject({ code: 0, stderr: "" });
  expect(run.stdout).toContain("+a: 2");
  expect(run.stdout).toContain("No token: nothing was posted.");
  expect(host.requests).toEqual([]);
});

test("a run that only renders asks no cluster, and writes on the page of the job", async () => {
  await using host = await startHost("github");
  const summary = join(directory, "summary.md");
  const env = { MOORING: await program(differing), GITHUB_STEP_SUMMARY: summary };
  const args = ["--to", "summary", "--render-only", target];
  expect(await runScript("comment.mjs", args, { cwd: directory, env })).toMatchObject({ code: 0 });
  expect(await readFile(summary, "utf8")).toContain("**applications/shop.yaml**: 2 objects");
  expect((await calls()).map(({ args: [verb] }) => verb)).toEqual(["render"]);
  expect(host.requests).toEqual([]);
});

test("a host that refuses is named, with what the token lacks", async () => {
  await using host = await startHost("gitlab");
  const env = { ...gitlabJob(host, head), MOORING: await program(differing), GITLAB_TOKEN: "old" };
  const { code, stderr } = await runScript("comment.mjs", [target], { cwd: directory, env });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: GET http:.*\/user: 401 .*scope api/);
});

test("a run that is for no request says so, and posts nothing", async () => {
  await using host = await startHost("github");
  const event = join(directory, "event.json");
  await writeFile(event, JSON.stringify({ ref: "refs/heads/main" }));
  const MOORING = await program(differing);
  const onPush = { ...githubJob(host, event), MOORING };
  const onBranch = { ...gitlabJob(host, head), MOORING, CI_MERGE_REQUEST_IID: "" };
  for (const env of [onPush, onBranch]) {
    const { code, stderr } = await runScript("comment.mjs", [target], { cwd: directory, env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: this run is for no (pull|merge) request/);
  }
  expect(host.requests).toEqual([]);
});

test("a program that is not there is posted as such", async () => {
  await using host = await startHost("gitlab");
  const env = { ...gitlabJob(host, head), MOORING: join(directory, "nowhere") };
  const { code } = await runScript("comment.mjs", [target], { cwd: directory, env });
  expect(code).toBe(1);
  expect(host.comments[0]?.body).toContain("ENOENT");
});

test.each([
  [[]],
  [["--to", "pager", target]],
  [["--label", "a-->b", target]],
  [["--render-only", "team-a/shop"]],
  [["--kubeconfig=x"]],
  [["applications/shop.yaml; rm -rf ."]],
])("a wrong call is refused: %j", async (args) => {
  const { code, stderr } = await runScript("comment.mjs", args, { cwd: directory, env: {} });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: .+\n$/);
});
