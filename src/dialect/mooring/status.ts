/** A status as the CRD takes it. */
import { z } from "zod";
import { type ApplicationStatus, applicationStatus } from "../../model/application.ts";
import { type Schema, structural } from "./structural.ts";

const schema = structural(z.toJSONSchema(applicationStatus, { io: "input" }), "status");

/**
 * Cuts texts and lists to the CRD's bounds: one name from Git that is longer than any name may be
 * must not make the apiserver refuse the whole status. Within the bounds it is the same status.
 */
export function fitStatus(status: ApplicationStatus): ApplicationStatus {
  return within(status, schema) as ApplicationStatus;
}

function within(value: unknown, bounds: Schema): unknown {
  if (typeof value === "string") return shortened(value, bounds.maxLength as number | undefined);
  if (Array.isArray(value))
    return value
      .slice(0, bounds.maxItems as number | undefined)
      .map((item) => within(item, bounds.items as Schema));
  if (typeof value !== "object" || value === null) return value;
  const properties = bounds.properties as Record<string, Schema>;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, within(inner, properties[name] ?? {})]),
  );
}

/** The apiserver counts code points. */
function shortened(text: string, longest = Number.POSITIVE_INFINITY): string {
  if (text.length <= longest) return text;
  const points = [...text];
  return points.length <= longest ? text : `${points.slice(0, longest - 1).join("")}…`;
}
