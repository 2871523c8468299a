// Gets the programs of the control plane, the official renderers and promtool into the cache: by
// download where it is in reach, else by building them.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, goEnvironment } from "./build.mjs";
import {
  componentDirectory,
  findBinaries,
  monitoringTools,
  officialRenderers,
  pinnedVersion,
  platform,
  programs,
} from "./control-plane.mjs";
import { download, published } from "./download.mjs";
import { withLock } from "./lock.mjs";
import { say, step } from "./progress.mjs";

/** After it, controlPlaneBinaries() finds every program. */
export function provideControlPlane(o) {
  return provideAll(Object.keys(programs), o);
}

/** After it, officialRendererBinaries() finds both. */
export function provideOfficialRenderers(o) {
  return provideAll(Object.keys(officialRenderers), o);
}

/** After it, monitoringToolBinaries() finds promtool. */
export function provideMonitoringTools(o) {
  return provideAll(Object.keys(monitoringTools), o);
}

async function provideAll(components, { signal, env = process.env }) {
  for (const component of components) {
    if (missing(component, env).length === 0) continue;
    const directory = componentDirectory(component, env);
    mkdirSync(directory, { recursive: true });
    await withLock(component, directory, signal, () => provide(component, directory, env, signal));
  }
}

function missing(component, env) {
  const names = { ...programs, ...officialRenderers, ...monitoringTools }[component];
  const found = findBinaries(env, { [component]: names });
  return names.filter((name) => found[name] === undefined);
}

async function provide(component, directory, env, signal) {
  // What a set-up that was killed left behind; under the lock, nobody else is at work here.
  for (const name of readdirSync(directory)) {
    if (/^\.(build|download)-/.test(name)) rmSync(join(directory, name), { recursive: true });
  }
  // Not empty unless the set-up that we waited for did it all.
  const wanted = missing(component, env);
  if (wanted.length === 0) return;
  const version = pinnedVersion(component, env);
  await tryDownload(component, version, wanted, directory, signal);

  const left = missing(component, env);
  if (left.length === 0) return;
  const go = goEnvironment(env);
  if (go === undefined) {
    throw new Error(
      `${left.join(", ")} ${version} must be built, and Go is missing.\n` +
        "Install Go 1.26 or newer from https://go.dev/dl/, then try again.",
    );
  }
  let packages = 0;
  await step(
    `building ${component} ${version} (once; ${left.join(", ")})`,
    () =>
      build(component, version, left, directory, {
        env: go,
        signal,
        onPackage: () => {
          packages += 1;
        },
      }),
    () => (packages === 0 ? "" : `${packages} packages`),
  );
}

async function tryDownload(component, version, names, directory, signal) {
  for (const source of published(component, version, platform(), names)) {
    let bytes = 0;
    try {
      await step(
        `downloading ${source.name} ${version}`,
        () =>
          download(source, directory, {
            signal,
            onBytes: (more) => {
              bytes += more;
            },
          }),
        () => `${Math.round(bytes / 1e6)} MB`,
      );
    } catch (error) {
      signal.throwIfAborted();
      const reason = error.cause?.code ?? error.message;
      say(`${source.name} is not downloaded (${reason}); building instead`);
      return;
    }
  }
}
