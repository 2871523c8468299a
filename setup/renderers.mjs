// Builds the renderers (renderers/, Go) to WASI modules: renderers/build/{kustomize,helm}.wasm,
// with a file `digest` beside them that says what they were built of. The same sources and the
// same Go make the same bytes. Plain JavaScript for Node 20: the Dockerfile runs it, too.
//
// Usage: node setup/renderers.mjs
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { goBuild, goEnvironment, goVersion } from "./build.mjs";
import { cacheDirectory, pinnedVersion } from "./control-plane.mjs";
import { interruption } from "./interruption.mjs";
import { withLock } from "./lock.mjs";
import { say, step } from "./progress.mjs";

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
const renderers = ["kustomize", "helm"];

/** Above it something came along that a renderer does not need, such as a client of Kubernetes. */
const mostBytes = 30e6;

const flags = [
  "-buildmode=c-shared",
  "-trimpath",
  // Else the commit is in the module, and with every commit it is another one.
  "-buildvcs=false",
  "-ldflags",
  [
    "-s -w",
    // buildMetadata's managedByLabel, and .Capabilities.HelmVersion: as the official programs.
    `-X sigs.k8s.io/kustomize/api/provenance.version=${pinnedVersion("kustomize")}`,
    `-X helm.sh/helm/v4/internal/version.version=${pinnedVersion("helm")}`,
  ].join(" "),
];

/**
 * After it, renderers/build has the modules of the sources. Without Go it is enough that they
 * are there already, as in a release.
 * @throws Error when they have to be built and cannot be, or when one is too large
 */
export async function provideRenderers({ signal, root = checkout, env = process.env }) {
  const sources = digestOf(join(root, "renderers"));
  const directory = join(root, "renderers", "build");
  if (isBuilt(directory, sources)) return;
  const go = goEnvironment(env);
  if (go === undefined) {
    throw new Error(
      "the renderers (kustomize and Helm) must be built, and Go is missing.\n" +
        "Install Go 1.26 or newer from https://go.dev/dl/, then try again.",
    );
  }
  const key = createHash("sha256")
    .update(`${sources} ${goVersion(go)}`)
    .digest("hex");
  const cache = join(cacheDirectory(env), `renderers-${key.slice(0, 16)}`);
  mkdirSync(cache, { recursive: true });
  await withLock("renderers", cache, signal, async () => {
    if (!isBuilt(cache, sources)) await build(root, cache, sources, go, signal);
  });
  mkdirSync(directory, { recursive: true });
  for (const name of [...renderers.map(moduleName), "digest"]) copy(name, cache, directory);
}

async function build(root, cache, sources, env, signal) {
  // What a set-up that was killed left behind; under the lock, nobody else is at work here.
  for (const name of readdirSync(cache)) rmSync(join(cache, name), { recursive: true });
  const place = mkdtempSync(join(cache, ".build-"));
  let packages = 0;
  const compile = (name) =>
    goBuild(name, [...flags, "-o", join(place, moduleName(name)), `./${name}`], {
      cwd: join(root, "renderers"),
      env: { ...env, GOOS: "wasip1", GOARCH: "wasm", GOFLAGS: "", GOWORK: "off" },
      place,
      signal,
      onPackage: () => {
        packages += 1;
      },
    });
  try {
    await step(
      "building the renderers (once; kustomize and Helm to WebAssembly)",
      async () => {
        for (const name of renderers) await compile(name);
      },
      () => (packages === 0 ? "" : `${packages} packages`),
    );
    for (const name of renderers) checkSize(name, statSync(join(place, moduleName(name))).size);
    for (const name of renderers) {
      renameSync(join(place, moduleName(name)), join(cache, moduleName(name)));
    }
    writeFileSync(join(cache, "digest"), `${sources}\n`);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function checkSize(name, bytes) {
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  say(`${moduleName(name)}: ${size}`);
  if (bytes > mostBytes) {
    throw new Error(
      `${moduleName(name)} has ${size}, more than ${mostBytes / 1e6} MB; see what it came to import`,
    );
  }
}

function moduleName(renderer) {
  return `${renderer}.wasm`;
}

/** Whether the modules in a directory are those of the sources. */
function isBuilt(directory, sources) {
  const digest = join(directory, "digest");
  if (!existsSync(digest) || readFileSync(digest, "utf8").trim() !== sources) return false;
  return renderers.every((name) => existsSync(join(directory, moduleName(name))));
}

/** By one rename: whoever has the old one open keeps it. */
function copy(name, from, to) {
  const place = join(to, `.${name}-${process.pid}`);
  copyFileSync(join(from, name), place);
  renameSync(place, join(to, name));
}

/** Of all that the modules are built of, but for Go itself. */
function digestOf(directory) {
  const digest = createHash("sha256").update(JSON.stringify(flags));
  const names = readdirSync(directory, { recursive: true })
    .filter((name) => /(?:\.go|^go\.sum|(?:^|\/)go\.mod)$/.test(name))
    .sort();
  for (const name of names) {
    const content = readFileSync(join(directory, name));
    digest.update(`${name} ${content.length}\n`).update(content);
  }
  return digest.digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await provideRenderers({ signal: interruption() });
  } catch (error) {
    console.error(`setup: ${error.message}`);
    process.exitCode = 1;
  }
}
