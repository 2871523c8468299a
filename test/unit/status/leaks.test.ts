/** A sentinel in every place where a secret can be; then every output of status/ is searched for it. */
import { expect, test } from "vitest";
import type { KubeObject } from "../../../src/model/object.ts";
import { catalogue, Problem, type ProblemCode } from "../../../src/model/problem.ts";
import type { ObjectReport } from "../../../src/model/report.ts";
import { nextStatus } from "../../../src/status/conditions.ts";
import { eventsFor } from "../../../src/status/events.ts";
import { createLogger } from "../../../src/status/logging.ts";
import { Metrics } from "../../../src/status/metrics.ts";
import { EventRecorder } from "../../../src/status/recorder.ts";
import { application, commit, first, start } from "./fixtures.ts";

const sentinel = "S3ntinel-9f8e7d6c5b";
const encoded = Buffer.from(`${sentinel}-and-more`).toString("base64");

const url = `https://bot:${sentinel}@git.example/shop.git`;
const texts = [
  `fatal: unable to access '${url}/': The requested URL returned error: 403`,
  `GET https://git.example/shop.git?access_token=${sentinel} failed`,
  `request had headers {"authorization":"Bearer ${sentinel}"}`,
  `Authorization: Basic ${encoded}`,
];
const secretTexts = [
  `failed to create typed patch object (shop/db; /v1, Kind=Secret): .data.password: expected string, got &value.valueUnstructured{Value:"${sentinel}"}`,
  `Secret "db" is invalid: data[password]: Invalid value: "${sentinel}": must be base64`,
  `json: cannot unmarshal "${sentinel}" into Go value of type []byte`,
  `illegal data ${encoded} at byte 3`,
];

test("no status, Event, metric or log line holds a secret's value", async () => {
  const secret = { group: "", kind: "Secret", namespace: "shop", name: "db" };
  const lines: string[] = [];
  const log = createLogger("trace", { write: (line: string) => void lines.push(line) });
  const metrics = new Metrics({ version: "1", argocd: true, now: () => start, process: false });
  const events: KubeObject[] = [];
  const recorder = new EventRecorder({
    sink: { create: async (_resource, event) => void events.push(event) },
    instance: "pod",
    now: () => start,
    onFailure: (_event, error) => log.error({ err: error }, "lost"),
  });
  const app = application({ source: { git: { url } }, runbook: `https://x:${sentinel}@wiki/` });
  const statuses: unknown[] = [];

  const tell = async (problem: Problem, object?: ObjectReport) => {
    const told = object === undefined ? { problem } : {};
    const report = { revision: first, objects: object === undefined ? [] : [object] };
    const next = nextStatus({
      application: app,
      now: start,
      revision: first,
      commit: { ...commit(first), author: texts[0] ?? "", subject: texts[1] ?? "" },
      report,
      ...told,
    });
    statuses.push(next);
    metrics.setApplication(app, next);
    recorder.record(app, eventsFor({ previous: {}, next, mode: "enforce", report, ...told }));
    log.error({ err: problem, report, app, status: next }, problem.message);
  };

  for (const code of Object.keys(catalogue) as ProblemCode[])
    for (const text of texts)
      await tell(new Problem(code, text, { detail: text, cause: new Error(text) }));
  for (const text of [...texts, ...secretTexts]) {
    const problem = new Problem("ApplyRefused", text, {
      object: secret,
      detail: text,
      cause: new Error(text),
    });
    await tell(problem, { ref: secret, outcome: "refused", problem });
    await tell(problem);
  }
  log.info({
    live: { kind: "Secret", apiVersion: "v1", data: { password: encoded } },
    desired: {
      kind: "ConfigMap",
      metadata: {
        annotations: {
          "kubectl.kubernetes.io/last-applied-configuration": `{"data":"${sentinel}"}`,
        },
      },
    },
  });

  const outputs = {
    status: JSON.stringify(statuses),
    events: JSON.stringify(events),
    metrics: await metrics.registry.metrics(),
    log: lines.join(""),
  };
  for (const [name, output] of Object.entries(outputs)) {
    expect(output.length, name).toBeGreaterThan(1_000);
    expect(output.includes(sentinel), name).toBe(false);
    expect(output.includes(encoded), name).toBe(false);
  }
});
