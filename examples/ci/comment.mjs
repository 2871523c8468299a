#!/usr/bin/env node
// Says on a pull request (GitHub) or merge request (GitLab) what it would change in the cluster:
// one comment, that is updated by each run. Node 20 or newer, no packages: copy it into your
// repository, and call it at the top of a checkout. Nothing in it is a secret: `mooring` itself
// redacts the values of Secrets.
//
//   node comment.mjs [--to github|gitlab|summary|stdout] [--render-only] [--label TEXT] TARGET...
//
// TARGET      A file of the checkout that holds an Application; or NAMESPACE/NAME, one of the
//             cluster, where the cluster may be asked. What it deploys is taken from the checkout.
// --to        Where it goes. Without it: what the surroundings are, else standard output.
//             summary is the page of a GitHub job, for what must not comment (forks).
// --render-only  No cluster is asked: the manifests are rendered, not compared.
// --label     Several comments on one request, one for each label (a cluster's name).
//
// Variables: MOORING (the program and its first arguments; default mooring), GITHUB_TOKEN, or
// GITLAB_TOKEN with the scope api; COMMENT_AUTHOR, the login whose comment is updated where
// GITHUB_TOKEN is not the workflow's own; the others are those of the CI. KUBECONFIG for
// `mooring diff`.
// Exit code: 0, also where there are differences; 1 where something could not be rendered,
// compared or posted (it is posted that it could not); 2 for a wrong call.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFile, readFile } from "node:fs/promises";

/** In characters, with some room: GitHub takes 65,536, GitLab 1,000,000, a job's page 1 MiB. */
const limits = { github: 65_000, gitlab: 900_000, summary: 300_000, stdout: 900_000 };
const requestMs = 30_000;
const perPage = 100;
/** What `mooring` does not need, it does not get. */
const tokens = ["GITHUB_TOKEN", "GITLAB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "CI_JOB_TOKEN"];

/** Runs the program. @returns its output as it is safe to show, and its exit code */
function run(args) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !tokens.includes(name)),
  );
  const [program, ...first] = (process.env.MOORING || "mooring").split(" ");
  const child = spawn(program, [...first, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    child[stream].setEncoding("utf8").on("data", (text) => {
      output[stream] += text;
    });
  }
  return new Promise((resolve) => {
    const end = (code, more) =>
      resolve({ code, stdout: shown(output.stdout), stderr: shown(output.stderr + more) });
    child.on("error", (error) => end(127, `${error.message}\n`));
    child.on("close", (code) => end(code ?? 1, ""));
  });
}

/** Without colours; other controls, and characters that turn the direction of writing, are made visible. */
function shown(text) {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replace(/\x1b\[[0-9;]*m/g, "")
      .replaceAll("\r\n", "\n")
      .replace(/[^\P{C}\n\t]|[\u2028\u2029]/gu, (found) => {
        return `\\u{${found.codePointAt(0).toString(16)}}`;
      })
  );
}

/** What became of one target: a line, and blocks of text below it. */
async function preview(target, { renderOnly }) {
  const render = await run(["render", "--as", target, "--root", ".", "--redact-secrets"]);
  const rendered = { summary: "What is rendered", language: "yaml", text: render.stdout };
  if (render.code !== 0) return failed(target, "cannot be rendered", render.stderr);
  if (renderOnly) {
    const count = render.stdout.split(/^---$/m).length - 1;
    return { target, failed: false, state: `${count} objects`, blocks: [rendered] };
  }
  const which = isFile(target) ? ["--as", target] : [target];
  const diff = await run(["diff", ...which, "--local", ".", "--root", "."]);
  if (diff.code !== 0 && diff.code !== 1)
    return failed(target, "cannot be compared", diff.stdout + diff.stderr);
  const compared = { summary: "Differences", language: "diff", text: diff.stdout, open: true };
  return diff.code === 0
    ? { target, failed: false, state: "no difference", blocks: [rendered] }
    : { target, failed: false, state: "differs from the cluster", blocks: [compared, rendered] };
}

function failed(target, state, text) {
  const blocks = [{ summary: "Why", language: "text", text, open: true }];
  return { target, failed: true, state, blocks };
}

/** The comment, no longer than `limit`: renders are cut first, then differences. */
function body(sections, { marker, revision, limit }) {
  const head = `${marker}\n### Mooring: what this change does\n\n${revision === undefined ? "" : `At commit \`${revision}\`.\n\n`}`;
  const fixed = (section) => write(section, () => 0).length;
  const kept = [];
  let room = limit - head.length - 100;
  for (const section of sections) {
    room -= fixed(section);
    if (room < 0) break;
    kept.push(section);
  }
  room = Math.max(room, 0);
  const blocks = kept.flatMap((section) => section.blocks);
  const shares = new Map();
  for (const first of [true, false]) {
    const asking = blocks.filter(({ open = false }) => open === first);
    asking.sort((one, other) => one.text.length - other.text.length);
    asking.forEach((block, index) => {
      const share = Math.min(block.text.length, Math.floor(room / (asking.length - index)));
      shares.set(block, share);
      room -= share;
    });
  }
  const rest = sections.length - kept.length;
  const more = rest === 0 ? "" : `\n${rest} more applications: see the log of the job.\n`;
  return head + kept.map((one) => write(one, (block) => shares.get(block))).join("\n") + more;
}

/** @param shareOf how many characters of a block there is room for */
function write({ target, state, blocks }, shareOf) {
  const texts = blocks.map((block) => {
    const share = shareOf(block);
    const text = cut(block.text, share);
    const note = share < block.text.length ? "Cut: all of it is in the log of the job.\n" : "";
    // No text of a repository can end the block that it stands in.
    const longest = Math.max(2, ...[...block.text.matchAll(/`+/g)].map(([run]) => run.length));
    const fence = "`".repeat(longest + 1);
    const open = block.open === true ? " open" : "";
    return `<details${open}><summary>${block.summary}</summary>\n\n${fence}${block.language}\n${text}\n${fence}\n${note}\n</details>\n`;
  });
  return `**${target}**: ${state}\n\n${texts.join("\n")}`;
}

/** Whole lines, as many as there is room for. */
function cut(text, most) {
  const whole = text.replace(/\n+$/, "");
  if (whole.length <= most) return whole;
  return whole.slice(0, Math.max(whole.lastIndexOf("\n", most), 0));
}

async function call(method, url, headers, content) {
  const answer = await fetch(url, {
    method,
    headers: { "content-type": "application/json", "user-agent": "mooring-comment", ...headers },
    signal: AbortSignal.timeout(requestMs),
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
  });
  if (answer.ok) return answer.json();
  const text = (await answer.text()).slice(0, 300);
  throw new Error(
    `${method} ${url}: ${answer.status} ${text}. The token needs the right to comment (GitHub: permissions pull-requests: write; GitLab: scope api).`,
  );
}

/** Of the page of comments, the one that this script wrote: by its marker and by its author. */
async function own(url, headers, isOwn) {
  for (let page = 1; ; page += 1) {
    const found = await call("GET", `${url}?per_page=${perPage}&page=${page}`, headers);
    const comment = found.find(isOwn);
    if (comment !== undefined || found.length < perPage) return comment;
  }
}

async function toGitHub(text, marker, env) {
  const number = (await eventOf(env)).pull_request?.number;
  if (number === undefined)
    throw new Error("this run is for no pull request: there is nothing to comment on");
  const api = `${env.GITHUB_API_URL}/repos/${env.GITHUB_REPOSITORY}/issues`;
  const headers = {
    authorization: `Bearer ${env.GITHUB_TOKEN}`,
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
  };
  const comments = `${api}/${number}/comments`;
  // Anybody may write the marker.
  const login = env.COMMENT_AUTHOR || "github-actions[bot]";
  const isOwn = ({ body = "", user }) => body.startsWith(marker) && user?.login === login;
  const before = await own(comments, headers, isOwn);
  if (before === undefined) await call("POST", comments, headers, { body: text });
  else await call("PATCH", `${api}/comments/${before.id}`, headers, { body: text });
}

async function toGitLab(text, marker, env) {
  const api = env.CI_API_V4_URL;
  if (!env.CI_MERGE_REQUEST_IID)
    throw new Error("this run is for no merge request: there is nothing to comment on");
  const headers = { "private-token": env.GITLAB_TOKEN };
  const notes = `${api}/projects/${env.CI_PROJECT_ID}/merge_requests/${env.CI_MERGE_REQUEST_IID}/notes`;
  const me = await call("GET", `${api}/user`, headers);
  const isOwn = ({ body = "", author }) => body.startsWith(marker) && author?.id === me.id;
  const before = await own(notes, headers, isOwn);
  if (before === undefined) await call("POST", notes, headers, { body: text });
  else await call("PUT", `${notes}/${before.id}`, headers, { body: text });
}

/** GitHub's, with the pull request; elsewhere there is none. */
async function eventOf(env) {
  const path = env.GITHUB_EVENT_PATH;
  return path === undefined ? {} : JSON.parse(await readFile(path, "utf8"));
}

/** For the log: GitHub takes no line of it for a command. */
function log(text, env) {
  const pause = randomUUID();
  const guarded = env.GITHUB_ACTIONS === "true";
  process.stdout.write(
    guarded ? `::stop-commands::${pause}\n${text}\n::${pause}::\n` : `${text}\n`,
  );
}

function destinationOf(env) {
  if (env.GITHUB_ACTIONS === "true") return "github";
  return env.GITLAB_CI === "true" ? "gitlab" : "stdout";
}

const isFile = (target) => /\.(ya?ml|json)$/.test(target);

/** @throws Error that says what is wrong with the call */
function parseCall(args, env) {
  const options = { to: destinationOf(env), renderOnly: false, label: "", targets: [] };
  const rest = [...args];
  while (rest.length > 0) {
    const word = rest.shift();
    if (word === "--render-only") options.renderOnly = true;
    else if (word === "--to") options.to = rest.shift();
    else if (word === "--label") options.label = rest.shift() ?? "";
    else options.targets.push(word);
  }
  if (!Object.hasOwn(limits, options.to))
    throw new Error(`--to: one of ${Object.keys(limits).join(", ")}`);
  if (!/^[A-Za-z0-9 ._/-]{0,64}$/.test(options.label))
    throw new Error("--label: at most 64 letters, digits, spaces, . _ / -");
  const wrong = options.targets.find((target) => !/^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(target));
  if (wrong !== undefined || options.targets.length === 0)
    throw new Error(`TARGET: a file with an Application, or NAMESPACE/NAME, not ${wrong}`);
  const asked = options.targets.find((target) => !isFile(target));
  if (options.renderOnly && asked !== undefined)
    throw new Error(`${asked}: with --render-only no cluster is asked for an Application`);
  return options;
}

async function main(options, env) {
  const sections = [];
  for (const target of options.targets) {
    const section = await preview(target, options);
    sections.push(section);
    log(
      write(section, (block) => block.text.length),
      env,
    );
  }
  const marker = `<!-- mooring-preview ${options.label} -->`;
  const revision = (await eventOf(env)).pull_request?.head?.sha ?? env.CI_COMMIT_SHA;
  const token = { github: env.GITHUB_TOKEN, gitlab: env.GITLAB_TOKEN };
  const without = options.to in token && !token[options.to];
  // A fork's request: its runs get no token, and need none.
  const to = without ? "stdout" : options.to;
  const text = body(sections, { marker, revision, limit: limits[to] });
  if (to === "github") await toGitHub(text, marker, env);
  if (to === "gitlab") await toGitLab(text, marker, env);
  if (to === "summary") await appendFile(env.GITHUB_STEP_SUMMARY, `${text}\n`);
  if (without) process.stdout.write("No token: nothing was posted.\n");
  return sections.some(({ failed }) => failed) ? 1 : 0;
}

let options;
try {
  options = parseCall(process.argv.slice(2), process.env);
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exit(2);
}
process.exitCode = await main(options, process.env).catch((error) => {
  process.stderr.write(`error: ${error.message}\n`);
  return 1;
});
