/** `mooring check`: before an installation, and after it. */
import type { Cluster } from "../access/cluster.ts";
import { failureOf } from "../access/failure.ts";
import type { ClusterFlags } from "../access/flags.ts";
import { coloured, type Tone } from "../output/colour.ts";
import { type DocumentFormat, documentOf } from "../output/format.ts";
import { neutralLine } from "../output/neutral.ts";
import type { Surroundings } from "../verb.ts";
import { readVersion } from "../version.ts";
import { checkApply, checkKubernetes } from "./apiserver.ts";
import { checkApplications } from "./applications.ts";
import { checkDeployment, checkLeases } from "./controller.ts";
import { checkControllerRights } from "./controller-rights.ts";
import { checkDefinition } from "./definition.ts";
import { type Estate, estateOf } from "./estate.ts";
import { type Finding, finding, isFine, type Result, unanswered } from "./finding.ts";
import { checkInstallRights } from "./install-rights.ts";
import { checkOthers } from "./others.ts";
import { Reviews } from "./review.ts";

export interface CheckFlags extends ClusterFlags {
  pre?: true;
  output?: DocumentFormat;
}

/** @returns the exit code: 1 when something is wrong for certain */
export async function check(
  cluster: Cluster,
  flags: CheckFlags,
  { terminal, now }: Surroundings,
): Promise<number> {
  const findings: Finding[] = [];
  const namespace = flags.namespace ?? "mooring-system";
  for await (const found of looks(cluster, namespace, flags.pre === true, now)) {
    findings.push(...found);
    if (flags.output === undefined) {
      for (const one of found) terminal.write(lineOf(one, terminal.colour));
    }
  }
  if (flags.output !== undefined) {
    const document = { ok: isFine(findings), server: cluster.server, checks: findings };
    terminal.write(await documentOf(document, flags.output));
  }
  return isFine(findings) ? 0 : 1;
}

/** One after the other, so that each is told as it is known. */
async function* looks(
  cluster: Cluster,
  namespace: string,
  pre: boolean,
  now: () => Date,
): AsyncIterable<Finding[]> {
  const reviews = new Reviews(cluster.transport);
  try {
    yield await checkKubernetes(cluster);
  } catch (error) {
    // Nothing else could be asked either.
    const message = `${cluster.server} was not reached: ${messageOf(error)}`;
    yield [finding("kubernetes", "failure", message)];
    return;
  }
  yield [await checkDefinition(cluster, pre)];
  const applied = await checkApply(cluster, pre ? cluster.namespace : namespace, now);
  yield applied.findings;
  if (pre) yield await checkInstallRights(reviews, namespace);
  const estate = await estateOf(cluster).catch((error: unknown) => error as Error);
  if (!pre)
    yield* afterwards(
      cluster,
      reviews,
      namespace,
      estate,
      () =>
        // The apiserver's, by which Leases are judged.
        new Date(now().getTime() - (applied.skewMs ?? 0)),
    );
  yield await checkOthers(cluster, estate instanceof Error ? nothing : estate);
}

const nothing: Estate = { applications: [], kinds: [], onlyIn: undefined };

async function* afterwards(
  cluster: Cluster,
  reviews: Reviews,
  namespace: string,
  estate: Estate | Error,
  now: () => Date,
): AsyncIterable<Finding[]> {
  const { findings, installed } = await checkDeployment(cluster, namespace, readVersion());
  yield findings;
  yield await checkLeases(cluster, namespace, now());
  const known = estate instanceof Error ? nothing : estate;
  if (installed !== undefined) {
    yield await checkControllerRights(cluster, reviews, namespace, installed, known);
  }
  yield estate instanceof Error
    ? [unanswered("applications", "Applications were not looked at", estate)]
    : await checkApplications(cluster, reviews, namespace, installed, estate);
}

const signs: Readonly<Record<Result, { sign: string; tone: Tone }>> = {
  ok: { sign: "✓", tone: "good" },
  warning: { sign: "!", tone: "busy" },
  unknown: { sign: "!", tone: "busy" },
  failure: { sign: "✗", tone: "bad" },
};

function lineOf({ result, message }: Finding, colour: boolean): string {
  const { sign, tone } = signs[result];
  return `${coloured(sign, tone, colour)} ${neutralLine(message)}\n`;
}

function messageOf(error: unknown): string {
  const failure = failureOf(error);
  return failure instanceof Error ? failure.message : String(failure);
}
