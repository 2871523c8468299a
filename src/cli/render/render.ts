/** `mooring render`: what the controller would render, from the files of this machine. */
import { createHash } from "node:crypto";
import type { Discovery } from "../../cluster/discovery.ts";
import type { Application } from "../../model/application.ts";
import type { RenderedObject } from "../../model/desired.ts";
import { Problem } from "../../model/problem.ts";
import { inNamespace } from "../../plan/targets.ts";
import { renderSourceOf } from "../../reconcile/render-source.ts";
import type { HelmOptions, RenderSource } from "../../render/source.ts";
import { type Local, openLocal } from "../../source/local.ts";
import { type Cluster, openCluster } from "../access/cluster.ts";
import { terminalMessage } from "../output/message.ts";
import { anonymousApplication, applicationOfFile, namesFile } from "./application.ts";
import { helmCapabilities } from "./capabilities.ts";
import type { RenderFlags } from "./options.ts";
import { toJson, toYaml, withoutSecretValues } from "./output.ts";
import { type LocalRender, openRenderer } from "./renderer.ts";
import { valuesOf } from "./values.ts";

/** How the renderers and the sandbox speak of a path beyond the root; all are InvalidManifest. */
const leadsOut = /outside (of )?the repository|leads out of/;

/** What of the machine counts. */
export interface RenderSurroundings {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  input: NodeJS.ReadableStream;
  now: () => Date;
  /** Of kustomize.wasm and helm.wasm, when no flag says it. */
  renderersDirectory: string;
}

export interface RenderOutput {
  /** For standard output. */
  text: string;
  /** For standard error: where the outcome may differ from the controller's. */
  notes: readonly string[];
}

/**
 * @param path relative to the current directory; without it the Application's, below the root
 * @throws Error or Problem, for the person at the terminal
 */
export async function renderPath(
  path: string | undefined,
  flags: RenderFlags,
  surroundings: RenderSurroundings,
): Promise<RenderOutput> {
  if (path === undefined && flags.as === undefined) {
    throw new Error("PATH is missing: the directory to render, such as deploy/prod");
  }
  const byName = flags.as !== undefined && !namesFile(flags.as);
  const asked = byName || flags.kubeconfig !== undefined || flags.context !== undefined;
  const cluster = asked
    ? await openCluster(
        {
          ...(flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig }),
          ...(flags.context === undefined ? {} : { context: flags.context }),
        },
        surroundings.env,
      )
    : undefined;
  try {
    const discovery = await cluster?.discovery();
    const application = await applicationFor(flags, cluster, surroundings.cwd);
    const local = await openLocal({
      path: path ?? application.spec.source.path,
      fromRoot: path === undefined,
      root: flags.root,
      cwd: surroundings.cwd,
      gitPath: surroundings.env.PATH ?? "",
      now: surroundings.now,
    });
    const source = await sourceFor(application, local, flags, discovery, surroundings);
    const { objects, dependsOn } = await render(local, source, flags, surroundings);
    const namespace = application.spec.destination.namespace ?? application.namespace;
    const shown = objects
      .map((one) => (discovery === undefined ? one : placed(one, discovery, namespace)))
      .map((one) =>
        flags.redactSecrets ? { ...one, object: withoutSecretValues(one.object) } : one,
      );
    return {
      text: flags.output === "json" ? toJson(shown) : toYaml(shown),
      notes: [
        ...(shown.length === 0 ? [`there is no object in ${local.path || "the root"}`] : []),
        ...notesOn(dependsOn, local),
      ],
    };
  } finally {
    await cluster?.close();
  }
}

async function applicationFor(
  { as, namespace }: RenderFlags,
  cluster: Cluster | undefined,
  cwd: string,
): Promise<Application> {
  if (as === undefined) return anonymousApplication(namespace ?? "default");
  if (cluster === undefined || namesFile(as)) {
    return applicationOfFile(as, { cwd, namespace: namespace ?? cluster?.namespace ?? "default" });
  }
  const [first = "", second, ...more] = as.split("/");
  if (first === "" || second === "" || more.length > 0) {
    throw new Error(`--as: ${JSON.stringify(as)} is neither NAME nor NAMESPACE/NAME`);
  }
  return second === undefined
    ? cluster.applications.parsed(namespace ?? cluster.namespace, first)
    : cluster.applications.parsed(first, second);
}

/** The Application's, as the controller makes it, and flags over it. */
async function sourceFor(
  application: Application,
  local: Local,
  flags: RenderFlags,
  discovery: Discovery | undefined,
  surroundings: RenderSurroundings,
): Promise<RenderSource> {
  const { kubeVersion, apiVersions } = helmCapabilities;
  const base = renderSourceOf(application, {
    discovery: discovery ?? {
      kubernetesVersion: kubeVersion,
      apiVersions: { list: apiVersions, digest: "helm template" },
    },
    // The controller's come from a secret that only the cluster has.
    renderSeed: ({ namespace, name }) =>
      createHash("sha256").update(`mooring render ${namespace}/${name}`).digest(),
  });
  const helm = await helmOptionsOf(base.helm, flags, surroundings);
  const tool = flags.tool ?? (helm !== base.helm && base.tool === "auto" ? "helm" : base.tool);
  if (helm !== base.helm && tool !== "helm" && tool !== "auto") {
    throw new Error(`options of charts (--values, --parameter, ...) are not for ${tool}`);
  }
  return {
    ...base,
    path: local.path,
    tool,
    helm,
    releaseName: flags.releaseName ?? base.releaseName,
    capabilities: capabilitiesOf(base.capabilities, flags),
  };
}

/** @returns the same when no flag says anything of charts */
async function helmOptionsOf(
  base: HelmOptions | undefined,
  flags: RenderFlags,
  surroundings: RenderSurroundings,
): Promise<HelmOptions | undefined> {
  const { values, parameter, stringParameter, skipCrds, skipTests, skipSchemaValidation } = flags;
  const given =
    values.length + parameter.length + stringParameter.length > 0 ||
    [skipCrds, skipTests, skipSchemaValidation].includes(true);
  if (!given) return base;
  return {
    ...base,
    values: await valuesOf(values, base?.values ?? {}, surroundings),
    parameters: [
      ...(base?.parameters ?? []),
      ...parameter,
      ...stringParameter.map((one) => ({ ...one, forceString: true })),
    ],
    skipCrds: skipCrds || base?.skipCrds,
    skipTests: skipTests || base?.skipTests,
    skipSchemaValidation: skipSchemaValidation || base?.skipSchemaValidation,
  };
}

function capabilitiesOf(
  base: RenderSource["capabilities"],
  { kubeVersion, apiVersions }: RenderFlags,
): RenderSource["capabilities"] {
  if ("unknown" in base) return base;
  return {
    kubeVersion: kubeVersion ?? base.kubeVersion,
    apiVersions: [...base.apiVersions, ...apiVersions],
  };
}

async function render(
  local: Local,
  source: RenderSource,
  flags: RenderFlags,
  { renderersDirectory }: RenderSurroundings,
): Promise<LocalRender> {
  const directory = flags.renderers ?? renderersDirectory;
  const renderer = openRenderer({ directory, deadlineMs: flags.timeout });
  try {
    return await renderer.render(local.snapshot, source);
  } catch (error) {
    if (local.rootIs === "path" && error instanceof Problem && leadsOut.test(error.message)) {
      const hint = `${local.root} is in no Git work tree: files outside of it cannot be read, unless --root names a directory above`;
      throw new Error(`${terminalMessage(error)}\n${hint}`, { cause: error });
    }
    throw error;
  } finally {
    await renderer.close();
  }
}

/** As the controller applies it: the cluster knows which kinds have a namespace. */
function placed(one: RenderedObject, discovery: Discovery, namespace: string): RenderedObject {
  const { apiVersion, kind } = one.object;
  const resource = discovery.find(apiVersion, kind);
  if (resource === undefined) return one;
  return { ...one, object: inNamespace(one.object, resource, namespace) };
}

function notesOn({ random, clock }: LocalRender["dependsOn"], local: Local): string[] {
  const notes: string[] = [];
  if (random) {
    notes.push(
      "the chart draws random values: those printed here are not the cluster's, whose seed is secret",
    );
  }
  if (clock) {
    const { time } = local.snapshot.commit;
    const of = local.head === undefined ? "now, for there is no commit" : "of HEAD";
    notes.push(`the chart looks at the clock, which stands at ${time} (${of})`);
  }
  return notes;
}
