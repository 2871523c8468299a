/** What `mooring diff` does, once its flags are read. */
import { fileURLToPath } from "node:url";
import { ApiError } from "../../cluster/api-error.ts";
import type { Application } from "../../model/application.ts";
import { ApplicationNotFound } from "../access/applications.ts";
import type { Cluster } from "../access/cluster.ts";
import type { ClusterFlags } from "../access/flags.ts";
import { named } from "../access/names.ts";
import { duration } from "../controller/values.ts";
import type { DocumentFormat } from "../output/format.ts";
import { neutralText } from "../output/neutral.ts";
import { applicationOfFile } from "../render/application.ts";
import type { Surroundings } from "../verb.ts";
import { diffApplication } from "./diff.ts";
import { diffDocument, printDiff, printSummary } from "./output.ts";
import { countsOf, exitCodeOf } from "./report.ts";

export interface DiffFlags extends ClusterFlags {
  local?: string;
  root?: string;
  as?: string;
  revision?: string;
  summary?: true;
  output?: DocumentFormat;
  controllerNamespace: string;
  renderers?: string;
  timeout: string;
}

/** Where the modules are unless a flag says it: beside the program, in a checkout and installed. */
const installedRenderers = fileURLToPath(new URL("../../../renderers/build", import.meta.url));

/** @returns the exit code */
export async function diff(
  app: string | undefined,
  flags: DiffFlags,
  cluster: Cluster,
  surroundings: Surroundings,
): Promise<number> {
  const { terminal, env } = surroundings;
  const application = await applicationFor(app, flags, cluster, surroundings.cwd);
  const report = await diffApplication(application, cluster, {
    local: flags.local,
    root: flags.root,
    revision: flags.revision,
    cwd: surroundings.cwd,
    env,
    now: surroundings.now,
    signal: surroundings.signal,
    renderersDirectory: flags.renderers ?? installedRenderers,
    renderMs: renderMsOf(flags.timeout),
    controllerNamespace: flags.controllerNamespace,
  });
  if (flags.output !== undefined) terminal.write(diffDocument(report, flags.output));
  else if (flags.summary) printSummary(report, terminal);
  else await printDiff(report, terminal, env);
  for (const note of report.notes) terminal.note(`note: ${neutralText(note)}`);
  const code = exitCodeOf(report);
  if (code === 0) {
    terminal.note(`nothing would change: ${countsOf(report.objects)} at ${report.revision}`);
  }
  return code;
}

/** @throws Error when neither the file nor the cluster has it; Problem InvalidSpec */
async function applicationFor(
  app: string | undefined,
  flags: DiffFlags,
  cluster: Cluster,
  cwd: string,
): Promise<Application> {
  if (flags.as === undefined) {
    if (app === undefined) throw new Error("APP is missing: the name of an Application, or --as");
    const { namespace, name } = named(app, cluster.namespace);
    return cluster.applications.parsed(namespace, name);
  }
  const written = await applicationOfFile(flags.as, { cwd, namespace: cluster.namespace });
  const { namespace, name } = written;
  if (app !== undefined) {
    const asked = named(app, namespace);
    if (asked.name !== name || asked.namespace !== namespace) {
      throw new Error(`${flags.as} holds the Application ${namespace}/${name}, not ${app}`);
    }
  }
  const live = await deployed(cluster, namespace, name);
  if (live === undefined) return written;
  // What was deployed before, and what charts draw, goes by the one in the cluster.
  const { uid, status, annotations } = live;
  return { ...written, uid, status, annotations };
}

/** undefined: the cluster has no such Application, or does not know Applications at all. */
async function deployed(
  { applications }: Cluster,
  namespace: string,
  name: string,
): Promise<Application | undefined> {
  try {
    return await applications.parsed(namespace, name);
  } catch (error) {
    if (error instanceof ApplicationNotFound) return undefined;
    const { cause } = error as Error;
    if (cause instanceof ApiError && cause.status === 404) return undefined;
    throw error;
  }
}

function renderMsOf(text: string): number {
  const parsed = duration("100ms", "1h").safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Error(`--timeout: ${JSON.stringify(text)} is not a duration from 100ms to 1h`);
}
