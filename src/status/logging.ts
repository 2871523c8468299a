/**
 * The log: one JSON object a line, on standard output.
 *
 * | field | meaning |
 * |---|---|
 * | `level`, `time`, `msg` | as a word; RFC 3339; one sentence |
 * | `app` | `namespace/name` of the Application |
 * | `revision` | of the run |
 * | `run` | number of the run, to follow one |
 * | `stage` | fetch, render, plan, apply |
 * | `object` | the object: group, kind, namespace, name |
 * | `outcome` | what became of it |
 * | `ms` | duration in milliseconds |
 * | `err` | type, message, code of the catalogue, object, origin, detail, cause, stack |
 *
 * No line holds a secret's value: members are redacted by name and by kind, texts by pattern,
 * and the finished line once more, so that also what a child logger is bound to is covered.
 */
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";
import {
  describeError,
  redactCredentials,
  redacted,
  redactText,
  redactValue,
} from "./redaction.ts";

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export type { Logger } from "pino";

/** Members of a child logger's bindings that are never shown; what is logged itself goes through {@link redactValue}. */
const boundPaths = ["password", "token", "secret", "authorization", "data", "stringData"].flatMap(
  (name) => [name, `*.${name}`, `*.*.${name}`],
);

/**
 * @param level the least severe level that is written
 * @param destination where lines go; standard output by default, written synchronously so that
 *   the last lines before an exit are there
 */
export function createLogger(
  level: LogLevel,
  destination: DestinationStream = pino.destination({ dest: 1, sync: true }),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: boundPaths, censor: redacted },
      formatters: {
        level: (label) => ({ level: label }),
        log: (members) => redactValue(members) as Record<string, unknown>,
        bindings: (bindings) => redactValue(bindings) as Record<string, unknown>,
      },
      serializers: {
        err: (error: unknown) => (error instanceof Error ? describeError(error) : error),
      },
      hooks: {
        logMethod(args, method) {
          const clean = args.map((one: unknown) =>
            typeof one === "string" ? redactText(one) : one,
          );
          method.apply(this, clean as typeof args);
        },
        streamWrite: redactCredentials,
      },
    },
    destination,
  );
}
