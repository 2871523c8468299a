/** Finds the containers and prints what they say. */

import { apiProblem } from "../../cluster/api-problem.ts";
import { applicationKey } from "../../model/application.ts";
import { milliseconds } from "../../model/duration.ts";
import type { Cluster } from "../access/cluster.ts";
import type { ClusterFlags } from "../access/flags.ts";
import { named } from "../access/names.ts";
import { coloured } from "../output/colour.ts";
import { jsonLine } from "../output/documents.ts";
import { terminalMessage } from "../output/message.ts";
import { neutralLine, neutralText } from "../output/neutral.ts";
import type { Terminal } from "../output/terminal.ts";
import { UsageError } from "../usage.ts";
import { exitCodes, type Surroundings } from "../verb.ts";
import { parseLine, readableLine } from "./controller-line.ts";
import { type FollowOptions, followLogs } from "./follow.ts";
import type { Container, LogLine } from "./pod-log.ts";
import { applicationContainers, controllerContainers, controllerNamespace } from "./pods.ts";

export interface LogsFlags extends ClusterFlags {
  pods?: true;
  follow?: true;
  since?: string;
  tail?: string;
  controllerNamespace?: string;
  output?: "json";
}

/** Of each of an application's containers, as kubectl logs with a selector. */
const usualTail = 10;

export async function showLogs(
  cluster: Cluster,
  app: string,
  flags: LogsFlags,
  surroundings: Surroundings,
): Promise<number> {
  const { terminal, now, signal } = surroundings;
  const { namespace, name } = named(app, cluster.namespace);
  const [tail, since] = [numberOf(flags.tail), sinceTime(flags.since, now())];
  const application = await cluster.applications.get(namespace, name);
  const options: Omit<FollowOptions, "concerns" | "tailEach" | "tailAll"> = {
    follow: flags.follow === true,
    since,
    refused: (container, error) =>
      terminal.note(
        `note: ${keyOf(container)}: ${neutralLine(terminalMessage(apiProblem(error)))}`,
      ),
    signal,
  };
  if (!flags.pods) {
    const containers = await controllerContainers(
      cluster,
      flags.controllerNamespace ?? controllerNamespace,
    );
    const key = applicationKey({ namespace, name });
    const concerns = ({ text }: LogLine) => parseLine(text)?.app === key;
    const read = await followLogs(
      cluster.transport,
      containers,
      { ...options, concerns, tailEach: undefined, tailAll: tail },
      (line) => terminal.write(`${controllerText(line, flags, terminal)}\n`),
    );
    return read === 0 ? exitCodes.failure : exitCodes.ok;
  }
  const { containers, unreadable } = await applicationContainers(cluster, application);
  for (const { kind, why } of unreadable)
    terminal.note(`note: ${neutralLine(`Pods may be missing here, for ${kind}: ${why}`)}`);
  if (containers.length === 0) terminal.note(`${namespace}/${name} has no Pods.`);
  const tailEach = tail ?? (flags.since === undefined ? usualTail : undefined);
  const read = await followLogs(
    cluster.transport,
    containers,
    { ...options, concerns: () => true, tailEach, tailAll: undefined },
    (line) => terminal.write(`${podText(line, flags, containers.length > 1, terminal)}\n`),
  );
  return read === 0 && containers.length > 0 ? exitCodes.failure : exitCodes.ok;
}

function controllerText({ text }: LogLine, { output }: LogsFlags, { colour }: Terminal): string {
  const line = parseLine(text) ?? {};
  return output === "json" ? jsonLine(line) : readableLine(line, colour);
}

function podText(
  { container, time, text }: LogLine,
  { output }: LogsFlags,
  several: boolean,
  { colour }: Terminal,
): string {
  if (output === "json") {
    const { namespace, pod, name } = container;
    return jsonLine({ namespace, pod, container: name, time, text });
  }
  const prefix = several ? `${coloured(keyOf(container), "faint", colour)} ` : "";
  return `${prefix}${neutralText(text)}`;
}

function keyOf({ pod, name }: Container): string {
  return `${pod}/${name}`;
}

/** @throws UsageError when it is no duration */
function sinceTime(since: string | undefined, now: Date): string | undefined {
  if (since === undefined) return undefined;
  if (!/^([0-9]{1,6}(\.[0-9]{1,3})?(ms|s|m|h))+$/.test(since))
    throw new UsageError(
      `--since: ${JSON.stringify(since)} is not a duration, such as 10m or 1h30m`,
    );
  return new Date(now.getTime() - milliseconds(since)).toISOString();
}

/** @throws UsageError when it is no number of lines */
function numberOf(tail: string | undefined): number | undefined {
  if (tail === undefined) return undefined;
  if (!/^[0-9]{1,9}$/.test(tail))
    throw new UsageError(`--tail: ${JSON.stringify(tail)} is not a number of lines`);
  return Number(tail);
}
