/** Events of events.k8s.io/v1 about one Application. */
import { group, kind, version } from "../../model/application.ts";
import type { KubeObject, ResourceKind } from "../../model/object.ts";

export interface ApplicationEvent extends KubeObject {
  eventTime?: string | null;
  type?: string;
  reason?: string;
  action?: string;
  note?: string;
  reportingController?: string;
  series?: { count: number; lastObservedTime: string };
  /** Of Events that were written by the older API. */
  deprecatedLastTimestamp?: string | null;
  deprecatedFirstTimestamp?: string | null;
  deprecatedCount?: number;
}

export const eventResource: ResourceKind = {
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  resource: "events",
  namespaced: true,
  verbs: ["list", "watch"],
};

/**
 * By name and kind, and not by uid: what was told of an earlier one of the same name says why it
 * went.
 */
export function eventsAbout(name: string): string {
  return [
    `regarding.apiVersion=${group}/${version}`,
    `regarding.kind=${kind}`,
    `regarding.name=${name}`,
  ].join(",");
}

/** When it last happened. RFC 3339; empty when nothing says it. */
export function timeOf(event: ApplicationEvent): string {
  return (
    event.series?.lastObservedTime ??
    event.eventTime ??
    event.deprecatedLastTimestamp ??
    event.metadata.creationTimestamp ??
    ""
  );
}

export function countOf({ series, deprecatedCount }: ApplicationEvent): number {
  return series?.count ?? deprecatedCount ?? 1;
}

export function byTime(a: ApplicationEvent, b: ApplicationEvent): number {
  // Microseconds are compared as text: Date.parse knows milliseconds.
  const [first, second] = [timeOf(a), timeOf(b)];
  return Date.parse(first) - Date.parse(second) || (first < second ? -1 : first > second ? 1 : 0);
}
