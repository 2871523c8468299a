#!/usr/bin/env node
// Renders what a commit touches, as the hook `mooring-render` of pre-commit: what does not render
// here would not render in the cluster. Node 20 or newer, no packages.
//
//   render-changed.mjs [FLAG...] FILE...
//
// FILE    Changed files, relative to the current directory, the top of a repository.
// FLAG    For `mooring render`, such as -n or --kube-version=1.36 (with a value: written with =).
//
// Of each file: the kustomization or chart that it lies in, and every kustomization that refers to
// one of these, through any number of steps. A file that no kustomization or chart has, but that
// is a manifest, is rendered with its directory. Charts are rendered with their own values.yaml.
// Variables: MOORING, the program and its first arguments; default mooring.
// Exit code: 0, or 1 with the message of each that does not render.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const kustomizations = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
const chart = "Chart.yaml";
/** What an object of Kubernetes has, in YAML or JSON. */
const ofManifests = [/^\s*"?apiVersion"?:/m, /^\s*"?kind"?:/m];

/** Anybody may call a file of a repository `--renderers=x`. */
const isFlag = (word) => word.startsWith("-") && !existsSync(word);
const given = process.argv.slice(2);
const flags = given.filter(isFlag);
const changed = given.filter((word) => !isFlag(word)).map((path) => normalize(path));

/** Directory -> the text of its kustomization: all of the repository. */
function allKustomizations() {
  const patterns = kustomizations.flatMap((name) => [name, `*/${name}`]);
  const listed = spawnSync("git", ["ls-files", "-z", "--cached", "--", ...patterns], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (listed.status !== 0) throw new Error(`git ls-files: ${listed.stderr}`);
  const files = listed.stdout.split("\0").filter((path) => path !== "" && existsSync(path));
  return new Map(files.map((path) => [dirname(path), readFileSync(path, "utf8")]));
}

/** What it refers to: every word of it that is a path of the repository. Too much harms nothing. */
function references(directory, text) {
  const words = text.match(/[^\s"',[\]{}=]+/g) ?? [];
  const paths = words.map((word) => normalize(join(directory, word)).replace(/\/$/, ""));
  return new Set(paths.filter((path) => !path.startsWith("..") && existsSync(path)));
}

/** The nearest directory above that is a kustomization or a chart; of a subchart the whole. */
function unitOf(path) {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if (kustomizations.some((name) => existsSync(join(directory, name)))) return directory;
    if (existsSync(join(directory, chart))) {
      const [whole] = directory.split("/charts/");
      return whole !== directory && existsSync(join(whole, chart)) ? whole : directory;
    }
    if (directory === ".") return undefined;
  }
}

/** Neither components nor library charts can be rendered by themselves. */
function rendersAlone(directory) {
  const kustomization = kustomizations.map((name) => join(directory, name)).find(existsSync);
  if (kustomization !== undefined)
    return !/^kind:\s*["']?Component\b/m.test(readFileSync(kustomization, "utf8"));
  const file = join(directory, chart);
  return !existsSync(file) || !/^type:\s*["']?library\b/m.test(readFileSync(file, "utf8"));
}

/** The name of a directory without what a terminal takes for commands. */
const shown = (path) => path.replace(/\p{C}/gu, "\ufffd");

function isManifest(path) {
  const hidden = path.split("/").some((part) => part.startsWith("."));
  if (hidden || !/\.(ya?ml|json)$/.test(path) || !existsSync(path)) return false;
  const text = readFileSync(path, "utf8");
  return ofManifests.every((line) => line.test(text));
}

const all = new Map([...allKustomizations()].map(([at, text]) => [at, references(at, text)]));
const touched = new Set(changed);
const units = new Set();
for (const path of changed) {
  const unit = unitOf(path);
  if (unit !== undefined) units.add(unit);
  else if (isManifest(path)) units.add(dirname(path));
}
for (let before = -1; before !== units.size; ) {
  before = units.size;
  for (const [directory, refers] of all) {
    if ([...refers].some((path) => units.has(path) || touched.has(path))) units.add(directory);
  }
}

const [program, ...first] = (process.env.MOORING || "mooring").split(" ");
const failures = [];
for (const directory of [...units].filter(rendersAlone).sort()) {
  const { status, stderr, error } = spawnSync(
    program,
    [...first, "render", "--redact-secrets", ...flags, "--", directory],
    { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] },
  );
  if (status !== 0) failures.push(`${shown(directory)}\n${error?.message ?? stderr}`);
}
if (failures.length > 0) {
  process.stderr.write(`${failures.join("\n").trimEnd()}\n`);
  process.exitCode = 1;
}
