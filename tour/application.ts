/** The sample Application: how the tour writes it, and what it waits for in its status. */
import { type Document, parseAllDocuments } from "yaml";
import type { ApplicationStatus } from "../src/model/application.ts";
import { group, kind } from "../src/model/application.ts";
import type { Condition, ConditionType } from "../src/model/condition.ts";
import type { KubeObject, ObjectRef } from "../src/model/object.ts";
import type { Expectation } from "./observation.ts";

export interface ApplicationFile {
  /** The file with the tour's Git server in it: what a person applies. */
  readonly text: string;
  readonly ref: ObjectRef;
  /** Namespace of objects that name none. */
  readonly destination: string;
  /** Directory of the manifests in the repository. */
  readonly path: string;
  /** How often the repository is asked, as it is written. */
  readonly interval: string;
}

/** @param text a file with one Application among other objects */
export function applicationFile(
  text: string,
  source: { url: string; path: string | undefined },
): ApplicationFile {
  const documents = parseAllDocuments(text) as Document[];
  const document = documents.find((one) => one.get("kind") === kind);
  if (document === undefined) throw new Error("examples/application.yaml has no Application");
  document.setIn(["spec", "source", "git", "url"], source.url);
  if (source.path !== undefined) document.setIn(["spec", "source", "path"], source.path);
  const at = (...path: string[]) => String(document.getIn(path) ?? "");
  const namespace = at("metadata", "namespace");
  return {
    text: documents.map(String).join(""),
    ref: { group, kind, namespace, name: at("metadata", "name") },
    destination: at("spec", "destination", "namespace") || namespace,
    path: at("spec", "source", "path"),
    interval: at("spec", "interval"),
  };
}

export function statusOf(object: KubeObject | undefined): ApplicationStatus {
  return (object?.status as ApplicationStatus | undefined) ?? {};
}

/** All of the commit is applied and every object of it is healthy. */
export function readyAt(commit: string): Expectation {
  return {
    what: `Ready at revision ${commit.slice(0, 7)}`,
    holds: (object) => isAt(object, commit) && isTrue(object, "Ready"),
    seen: situation,
  };
}

/** All of the commit is applied, and a workload of it does not get its replicas. */
export function unhealthyAt(commit: string, named: string): Expectation {
  return {
    what: `Synced at revision ${commit.slice(0, 7)}, and not Healthy because of ${named}`,
    holds: (object) => {
      const healthy = conditionOf(object, "Healthy");
      return (
        isAt(object, commit) &&
        isTrue(object, "Synced") &&
        healthy?.status === "False" &&
        // Not only that its controller has not looked yet.
        new RegExp(`${named}: [^;]*replicas`).test(healthy.message)
      );
    },
    seen: situation,
  };
}

/** The status tells of a drift of that object that was healed. */
export function driftTold(ref: ObjectRef, since: string): Expectation {
  return {
    what: `status.lastDrift about ${ref.kind} ${ref.name}, healed`,
    holds: (object) => {
      const drift = statusOf(object).lastDrift;
      return (
        drift !== undefined &&
        drift.kind === ref.kind &&
        drift.name === ref.name &&
        drift.healed &&
        drift.time >= since
      );
    },
    seen: (object) => JSON.stringify(statusOf(object).lastDrift ?? "no lastDrift"),
  };
}

/** What Stalled says, where it is True: nothing will come by waiting. */
export function stalledWhy(object: KubeObject | undefined): string | undefined {
  const stalled = conditionOf(object, "Stalled");
  return stalled?.status === "True" ? `Stalled, ${stalled.reason}: ${stalled.message}` : undefined;
}

export function conditionOf(
  object: KubeObject | undefined,
  type: ConditionType,
): Condition | undefined {
  return statusOf(object).conditions?.find((condition) => condition.type === type);
}

/** The last complete revision is that commit. */
function isAt(object: KubeObject | undefined, commit: string): boolean {
  const { revision } = statusOf(object);
  return revision === commit || revision?.endsWith(`:${commit}`) === true;
}

function isTrue(object: KubeObject | undefined, type: ConditionType): boolean {
  return conditionOf(object, type)?.status === "True";
}

/** What an Application says of itself, on a line a condition. */
function situation(object: KubeObject | undefined): string {
  if (object === undefined) return "no Application";
  const { conditions, revision } = statusOf(object);
  const told = (conditions ?? []).filter(({ type }) =>
    ["Ready", "Synced", "Healthy"].includes(type),
  );
  if (told.length === 0) return "an Application without status";
  return [
    `revision ${revision ?? "none"}`,
    ...told.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`),
  ].join("\n");
}
