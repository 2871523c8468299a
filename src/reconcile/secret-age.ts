/** How old the value of a Secret is: for the alert that it was not rotated. Never looks at the value. */
import type { KubeObject } from "../model/object.ts";

/**
 * When the data of a Secret was last written, as far as it tells (milliseconds since 1970): the
 * latest of the managers that own any of it, else when the Secret was made. A manager that owns
 * data and writes something else moves that time too: a Secret may be older than it seems,
 * never younger.
 */
export function valueWrittenAt({ metadata }: KubeObject): number | undefined {
  const times = (metadata.managedFields ?? [])
    .filter(({ fieldsV1 }) => fieldsV1?.["f:data"] !== undefined)
    .concat({ ...(metadata.creationTimestamp ? { time: metadata.creationTimestamp } : {}) })
    .map(({ time }) => Date.parse(time ?? ""))
    .filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : Math.max(...times);
}
