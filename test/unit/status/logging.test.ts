import { expect, test } from "vitest";
import { Problem } from "../../../src/model/problem.ts";
import { createLogger, type LogLevel } from "../../../src/status/logging.ts";

const value = "Sentinel-9f8e7d";

function capture(level: LogLevel = "debug") {
  const lines: string[] = [];
  const log = createLogger(level, { write: (line: string) => void lines.push(line) });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line)) };
}

test("a line is JSON with level, time and message, and members as documented", () => {
  const { log, parsed } = capture();
  log.child({ app: "team-a/shop" }).info({ revision: "main@sha1:1", ms: 12 }, "applied");
  expect(parsed()[0]).toEqual({
    level: "info",
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    app: "team-a/shop",
    revision: "main@sha1:1",
    ms: 12,
    msg: "applied",
  });
});

test("less severe lines than the level are not written", () => {
  const { log, lines } = capture("warn");
  log.info("quiet");
  log.warn("loud");
  expect(lines).toHaveLength(1);
});

test("an error is told with its code, object and cause", () => {
  const { log, parsed } = capture();
  const problem = new Problem("Forbidden", "may not", {
    object: { group: "", kind: "ConfigMap", namespace: "shop", name: "x" },
    detail: "403",
    cause: new Error("below"),
  });
  log.error({ err: problem }, "refused");
  expect(parsed()[0].err).toMatchObject({
    type: "Problem",
    code: "Forbidden",
    detail: "403",
    object: { kind: "ConfigMap", name: "x" },
    cause: { message: "below" },
    stack: expect.stringContaining("logging.test"),
  });
});

test("no secret gets into a line, by whatever way it is logged", () => {
  const { log, lines } = capture("trace");
  const secret = { apiVersion: "v1", kind: "Secret", data: { p: value }, stringData: { p: value } };
  const url = `https://bot:${value}@git.example/x`;
  log.info({ object: secret }, "an object");
  log.info({ deep: { er: { object: secret } } }, "deeper");
  log.info({ url, password: value, auth: { token: value } }, "members");
  log.info(`a message with ${url}`);
  log.info("a format %s", url);
  log.info({ list: [url] }, "format %o", { url });
  log.error(new Error(`an error with ${url}`));
  log.error({ err: new Error("outer", { cause: new Error(url) }) }, "cause");
  log.warn({ err: { message: url, object: secret } }, "error-like");
  const child = log.child({ url, object: secret, password: value, conf: { token: value } });
  child.info("bound");
  log.child({}, { msgPrefix: `${url} ` }).info("prefixed");
  expect(lines).toHaveLength(11);
  for (const line of lines) {
    expect(line).not.toContain(value);
    expect(() => JSON.parse(line)).not.toThrow();
  }
});
