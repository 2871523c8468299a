/** One object: what an apply of it would do, as the apiserver tells it in a dry-run by the caller. */
import { ApiError } from "../../cluster/api-error.ts";
import { apiProblem } from "../../cluster/api-problem.ts";
import type { Objects } from "../../cluster/objects.ts";
import type { KubeObject } from "../../model/object.ts";
import type { Problem } from "../../model/problem.ts";
import { differingPaths } from "../../plan/difference.ts";
import { type FieldPath, formatPath } from "../../plan/fields.ts";
import { type ApplicationOf, type Ownership, standing } from "../../plan/ownership.ts";
import { type Target, withoutMarks } from "../../plan/targets.ts";
import { terminalMessage } from "../output/message.ts";
import { afterAdoption, wouldAdopt } from "./adopted.ts";
import type { Live } from "./live.ts";
import { valueAtPath, withFieldsAsLive, withIgnoredAsLive } from "./live-values.ts";
import type { FieldChange, ObjectDiff } from "./report.ts";
import { type Pair, withoutBookkeeping, withoutSecrets } from "./shown.ts";

export interface CompareContext {
  objects: Objects;
  ownership: Ownership;
  disallowedManagers: readonly string[];
  /** Mode enforce: our label takes part. observe and warn own nothing. */
  enforce: boolean;
  /** Names the Application behind a field manager, as far as the caller may see them; asked when it matters. */
  applications(): Promise<ApplicationOf>;
  /** Fields of a target that another render would have other values for. */
  random(target: Target): readonly FieldPath[];
}

export async function compareTarget(
  target: Target,
  live: Live,
  context: CompareContext,
): Promise<ObjectDiff> {
  const about = { ref: target.ref, apiVersion: target.object.apiVersion };
  if (live.state === "unknown") return unknown(about, live.problem);
  if (live.state === "there") {
    const owner = await ownerOf(target, live, context);
    if (owner !== undefined) return { ...about, action: "refuse", note: owner, fields: [] };
  }
  const isOurs = live.state === "there" && live.view.partOf === context.ownership.id;
  const wanted = wantedOf(target, live, context);
  const body = context.enforce || isOurs ? wanted : withoutMarks(wanted);
  try {
    const answer = await context.objects.apply(target.resource, body, {
      fieldManager: context.ownership.fieldManager,
      force: true,
      dryRun: true,
    });
    if (live.state === "absent") return created(about, body);
    if (live.view.deleting) {
      return { ...created(about, body), note: "it is being deleted, and created again then" };
    }
    const { object, note } = wouldAdopt(live.view, isOurs)
      ? await afterAdoption(live.object, answer, {
          view: live.view,
          objects: context.objects,
          disallowedManagers: context.disallowedManagers,
          fieldManager: context.ownership.fieldManager,
        })
      : { object: answer };
    return { ...changed(about, live.object, object), ...(note === undefined ? {} : { note }) };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      const note = `${missing(error)}; only a cluster that has it can say whether it is valid`;
      return { ...created(about, body), note };
    }
    const problem = apiProblem(error, {
      object: target.ref,
      origin: target.origin,
      writing: true,
    });
    return isRefusal(problem)
      ? { ...about, action: "refuse", note: plainMessage(problem, about), fields: [] }
      : unknown(about, problem);
  }
}

/** What is said of an object where it is named already. */
export function plainMessage(problem: Problem, { ref }: Pick<ObjectDiff, "ref">): string {
  const subject = problem.object;
  const text = terminalMessage(problem);
  const colon = subject?.name === ref.name && subject.kind === ref.kind ? text.indexOf(": ") : -1;
  return colon < 0 ? text : text.slice(colon + 2);
}

type About = Pick<ObjectDiff, "ref" | "apiVersion">;

async function ownerOf(
  target: Target,
  { view }: Extract<Live, { state: "there" }>,
  context: CompareContext,
): Promise<string | undefined> {
  const judge = (applicationOf: ApplicationOf) =>
    standing(view, context.ownership, target.adopt, applicationOf);
  if (judge(() => undefined).state !== "other") return undefined;
  const whose = judge(await context.applications());
  return whose.state === "other" ? `belongs to ${whose.owner}` : undefined;
}

function wantedOf(target: Target, live: Live, context: CompareContext): KubeObject {
  if (live.state === "absent" || live.state === "unknown") return target.initial;
  const { fieldManager } = context.ownership;
  const object = withIgnoredAsLive(target.initial, target.ignored, live.object, fieldManager);
  return withFieldsAsLive(object, context.random(target), live.object, fieldManager);
}

function created(about: About, body: KubeObject): ObjectDiff {
  const { desired } = withoutSecrets({ live: undefined, desired: withoutBookkeeping(body) });
  return { ...about, action: "create", ...(desired && { desired }), fields: [] };
}

function changed(about: About, live: KubeObject, answer: KubeObject): ObjectDiff {
  const pair = { live: withoutBookkeeping(live), desired: withoutBookkeeping(answer) };
  const paths = differingPaths(pair.live, pair.desired);
  if (paths.length === 0) return { ...about, action: "none", fields: [] };
  const shown = withoutSecrets(pair) as { live: KubeObject; desired: KubeObject };
  return {
    ...about,
    action: "change",
    ...shown,
    fields: paths.map((path) => fieldChange(path, shown)),
  };
}

function fieldChange(path: FieldPath, { live, desired }: Pair): FieldChange {
  const [before, after] = [valueAtPath(live, path), valueAtPath(desired, path)];
  return {
    path: formatPath(path),
    ...(before === undefined ? {} : { live: before }),
    ...(after === undefined ? {} : { desired: after }),
  };
}

function unknown(about: About, problem: Problem): ObjectDiff {
  return { ...about, action: "unknown", note: plainMessage(problem, about), fields: [] };
}

/** The apiserver said what it would say to the controller, too. A refusal of the caller's rights is none. */
function isRefusal({ code }: Problem): boolean {
  return [
    "ApplyRefused",
    "ImmutableField",
    "AdmissionDenied",
    "NamespaceTerminating",
    "LimitExceeded",
    "InvalidManifest",
  ].includes(code);
}

function missing({ details }: ApiError): string {
  return details?.kind === "namespaces" && details.name !== undefined
    ? `the namespace ${details.name} does not exist yet`
    : "its kind does not exist yet";
}
