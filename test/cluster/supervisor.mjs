// Keeps the processes of one control plane, and outlives nobody.
//
// Started detached by its owner, with a pipe from it as standard input. The pipe is the life
// line: the kernel closes it however the owner ends, kill -9 included. On end of input the
// children are stopped, highest tier first, and the temporary directory is removed. Signals
// of a terminal reach the owner; this process leaves by end of input alone.
//
// In, one JSON document a line:  {start: {name, tier, command, args, log, env}} | {kill: {name, signal}}
// Out, likewise: {ready: {directory}} | {refused: {message}} | {started: {name, pid}} | {exited: {name, code, signal}}
//
// Usage: node supervisor.mjs --directory DIR | --temporary PREFIX
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What a child gets between SIGTERM and SIGKILL; three tiers stay under ten seconds. */
const graceMs = 2500;

const [mode, place] = process.argv.slice(2);
const directory = mode === "--temporary" ? mkdtempSync(place) : place;
const lock = join(directory, "supervisor.pid");
const children = new Map();
let stopping = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
// The owner may be gone while a child's end is still to be told.
process.stdout.on("error", () => {});

function tell(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** @returns the process that uses the directory already, or undefined after taking it */
function takeDirectory() {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      return undefined;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = Number(readFileSync(lock, "utf8"));
    if (isAlive(holder)) return holder;
    rmSync(lock, { force: true });
  }
}

function isAlive(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function start({ name, tier, command, args, log, env }) {
  const file = openSync(log, "a");
  const child = spawn(command, args, { stdio: ["ignore", file, file], env, cwd: directory });
  closeSync(file);
  const ended = new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ name, code, signal }));
    child.once("error", (error) =>
      resolve({ name, code: null, signal: null, error: error.message }),
    );
  });
  children.set(name, { child, tier, ended });
  void ended.then((event) => {
    children.delete(name);
    tell({ exited: event });
  });
  if (child.pid !== undefined) tell({ started: { name, pid: child.pid } });
}

async function stopTier(members) {
  for (const { child } of members) child.kill("SIGTERM");
  const timer = setTimeout(() => {
    for (const { child } of members) child.kill("SIGKILL");
  }, graceMs);
  await Promise.all(members.map(({ ended }) => ended));
  clearTimeout(timer);
}

async function stop() {
  stopping = true;
  while (children.size > 0) {
    const all = [...children.values()];
    const highest = Math.max(...all.map(({ tier }) => tier));
    await stopTier(all.filter(({ tier }) => tier === highest));
  }
  if (mode === "--temporary") {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  rmSync(lock, { force: true });
  process.exit(0);
}

const holder = takeDirectory();
if (holder !== undefined) {
  tell({ refused: { message: `${directory} is in use by process ${holder}` } });
  process.exit(1);
}
const input = createInterface({ input: process.stdin });
input.on("line", (line) => {
  if (stopping) return;
  const message = JSON.parse(line);
  if (message.start) start(message.start);
  else if (message.kill) children.get(message.kill.name)?.child.kill(message.kill.signal);
});
input.on("close", () => void stop());
tell({ ready: { directory } });
