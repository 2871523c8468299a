/** The kinds of values that flags and variables have: from the text that people write to what the program uses. */
import { z } from "zod";
import { milliseconds } from "../../model/duration.ts";

export const text = z.string().min(1).max(4096);

/** RFC 1123: names of namespaces and ServiceAccounts. */
export const objectName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
  .max(253);

export function integer(min: number, max: number) {
  return z
    .string()
    .regex(/^[0-9]{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

/** Go's notation, `1h30m`; milliseconds. `0` where the least is 0. */
export function duration(least: string, most: string) {
  return z
    .string()
    .regex(/^(0|([0-9]{1,6}(\.[0-9]{1,3})?(ms|s|m|h))+)$/)
    .transform((value) => (value === "0" ? 0 : milliseconds(value)))
    .pipe(
      z
        .number()
        .min(least === "0" ? 0 : milliseconds(least))
        .max(milliseconds(most)),
    );
}

const units: Readonly<Record<string, number>> = { "": 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** A Kubernetes quantity, `128Mi`; bytes. */
export function size(min: number, max: number) {
  return z
    .string()
    .regex(/^[0-9]{1,12}(Ki|Mi|Gi)?$/)
    .transform((value) => {
      const [, digits = "", unit = ""] = /^([0-9]+)(.*)$/.exec(value) ?? [];
      return Number(digits) * (units[unit] ?? Number.NaN);
    })
    .pipe(z.int().min(min).max(max));
}

/** Separated by commas; empty means none. */
export function list<T extends z.ZodType<unknown, string>>(item: T) {
  return z
    .string()
    .transform((value) =>
      value
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    )
    .pipe(z.array(item).max(256));
}

export const yesOrNo = z.enum(["true", "false"]).transform((value) => value === "true");

/** `0.0.0.0:8080`, `[::]:8080`, `127.0.0.1:0`. */
export const address = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$/)
  .transform((value) => {
    const colon = value.lastIndexOf(":");
    return {
      host: value.slice(0, colon).replace(/^\[|\]$/g, ""),
      port: Number(value.slice(colon + 1)),
    };
  })
  .pipe(z.object({ host: z.string(), port: z.int().max(65535) }));
