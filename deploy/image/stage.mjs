// Stages the files of the image into a directory: the Dockerfile's last stage is a copy of it, and the
// tests run it. Plain JavaScript for Node 20, no dependencies.
//
// Usage: node deploy/image/stage.mjs --out DIR [--node PATH] [--dist DIR]
//   --node   the node of the image (default: the one that runs this)
//   --dist   the compiled sources (default: dist of the checkout)
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { application, directories, files, leftOut, links, programs, texts } from "./contents.mjs";
import { productionPackages } from "./packages.mjs";

const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Nothing in an image says when it was made: the same files are the same image. */
const epoch = new Date(0);

/**
 * @param out a directory that is empty or not there
 * @returns what was staged, each part with its bytes
 * @throws Error that names what is missing, and what makes it
 */
export function stage({ out, node = process.execPath, dist, root = checkout }) {
  if (existsSync(out) && readdirSync(out).length > 0) throw new Error(`${out} is not empty`);
  const sizes = new Map();
  const count = (part, bytes) => sizes.set(part, (sizes.get(part) ?? 0) + bytes);
  const at = (path) => join(out, path);

  const staged = new Set();
  const libraries = (program) => {
    for (const path of linkedTo(program)) {
      // The directory may be a link (/lib), the name has to stay: it is what the program asks for.
      const to = join(realpathSync(dirname(path)), basename(path));
      if (staged.has(to)) continue;
      staged.add(to);
      count("libraries", copyFile(path, at(to)));
    }
  };
  for (const { from, to } of [{ from: node, to: "/usr/local/bin/node" }, ...programs]) {
    requireFile(from, "install it: apt-get update && apt-get install -y git");
    count(to === "/usr/local/bin/node" ? "node" : "git", copyFile(from, at(to)));
    libraries(from);
  }
  for (const { from, to } of files) {
    requireFile(from, "install it: apt-get update && apt-get install -y ca-certificates");
    count("system files", copyFile(from, at(to)));
  }
  for (const { to, text } of texts) {
    mkdirSync(dirname(at(to)), { recursive: true });
    writeFileSync(at(to), text);
    count("system files", Buffer.byteLength(text));
  }
  for (const { at: place, to } of links) {
    mkdirSync(dirname(at(place)), { recursive: true });
    symlinkSync(to, at(place));
  }
  for (const { from, to } of application) {
    const source = from === "dist" && dist !== undefined ? dist : join(root, from);
    requireFile(source, from === "dist" ? "run npm run build" : "run node setup/renderers.mjs");
    count(to, copyTree(source, at(to)));
  }
  for (const path of productionPackages(root)) {
    requireFile(join(root, path), "run npm ci");
    count("/app/node_modules", copyTree(join(root, path), at(join("/app", path))));
  }
  for (const path of directories) mkdirSync(at(path), { recursive: true });
  settle(out);
  return [...sizes].map(([part, bytes]) => ({ part, bytes }));
}

/** Absolute paths of the shared libraries and the loader. */
function linkedTo(program) {
  const said = execFileSync("ldd", [program], { encoding: "utf8" });
  const missing = /^\s*(\S+) => not found$/m.exec(said);
  if (missing !== null) throw new Error(`${program} lacks ${missing[1]}`);
  return [...said.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path]) => path);
}

function requireFile(path, cure) {
  if (!existsSync(path)) throw new Error(`${path} is missing; ${cure}`);
}

/** @returns its bytes */
function copyFile(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(realpathSync(from), to, constants.COPYFILE_FICLONE);
  return statSync(to).size;
}

/** A file, or a directory without what it installed below itself. @returns its bytes */
function copyTree(from, to) {
  if (!statSync(from).isDirectory()) return copyFile(from, to);
  mkdirSync(to, { recursive: true });
  let bytes = 0;
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const { name } = entry;
    if (entry.isDirectory()) {
      if (name !== "node_modules") bytes += copyTree(join(from, name), join(to, name));
    } else if (!leftOut.test(name)) bytes += copyFile(join(from, name), join(to, name));
  }
  return bytes;
}

/** Readable for all, writable for none but root, whatever umask the checkout was made with. */
function settle(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) settle(path);
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o111) === 0 ? 0o644 : 0o755);
    lutimesSync(path, epoch, epoch);
  }
  chmodSync(directory, 0o755);
}

export function inWords(sizes) {
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  return [...sizes, { part: "all", bytes: total }]
    .map(({ part, bytes }) => `${(bytes / 1e6).toFixed(1).padStart(7)} MB  ${part}\n`)
    .join("");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { values } = parseArgs({
      options: { out: { type: "string" }, node: { type: "string" }, dist: { type: "string" } },
    });
    if (values.out === undefined) throw new Error("where to? --out DIR");
    process.stdout.write(inWords(stage(values)));
  } catch (error) {
    console.error(`stage: ${error.message}`);
    process.exitCode = 1;
  }
}
