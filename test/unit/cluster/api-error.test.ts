import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError, conflictManagers, isNotFound, isStale } from "../../../src/cluster/api-error.ts";
import { apiProblem } from "../../../src/cluster/api-problem.ts";
import type { Status } from "../../../src/cluster/api-status.ts";
import { subjectOf } from "../../../src/cluster/request-path.ts";

function error(code: number, status: Status, path = "/api/v1/namespaces/a/configmaps/b"): ApiError {
  const subject = subjectOf("PATCH", path, { apply: true });
  return new ApiError(code, status, { subject, path });
}

describe("a 404 proves that the object is absent", () => {
  const notFound = (details: Status["details"]) =>
    isNotFound(error(404, { reason: "NotFound", ...(details === undefined ? {} : { details }) }));

  test("only when it names that very object", () => {
    expect(notFound({ name: "b", kind: "configmaps" })).toBe(true);
    expect(notFound({ name: "a", kind: "namespaces" })).toBe(false);
    expect(notFound({ name: "c", kind: "configmaps" })).toBe(false);
    expect(notFound({ name: "b", kind: "secrets" })).toBe(false);
    expect(notFound({})).toBe(false);
    expect(notFound(undefined)).toBe(false);
  });

  test("not when a proxy says so", () => {
    expect(isNotFound(error(404, { message: "404 page not found" }))).toBe(false);
  });
});

describe("stale", () => {
  test("is no webhook that denies with 409, and no other object's conflict", () => {
    const webhook = 'admission webhook "w.example.com" denied the request: in use';
    expect(isStale(error(409, { reason: "Conflict", message: webhook }))).toBe(false);
    expect(apiProblem(error(409, { reason: "Conflict", message: webhook })).code).toBe(
      "AdmissionDenied",
    );
    const quota = error(409, {
      reason: "Conflict",
      details: { name: "limits", kind: "resourcequotas" },
      message:
        'Operation cannot be fulfilled on resourcequotas "limits": the object has been modified',
    });
    expect(isStale(quota)).toBe(false);
    expect(apiProblem(quota).retry).toBe("transient");
  });
});

describe("the managers of a conflict", () => {
  const conflict = (message: string) =>
    conflictManagers(
      error(409, {
        reason: "Conflict",
        details: { causes: [{ reason: "FieldManagerConflict", message, field: ".spec.replicas" }] },
      }),
    )[0]?.manager;

  test("are told from version, time and subresource that follow their names", () => {
    expect(conflict('conflict with "hpa" using apps/v1 at 2026-01-01T00:00:00Z')).toBe("hpa");
    expect(conflict('conflict with "hpa" with subresource "scale" using apps/v1')).toBe("hpa");
    expect(conflict('conflict with "a \\"b\\"" using v1')).toBe('a "b"');
  });
});

describe("a server that is busy or failing", () => {
  test("is ApiUnavailable, with the pause that it asks for", () => {
    const busy = apiProblem(
      error(429, { reason: "TooManyRequests", details: { retryAfterSeconds: 7 } }),
    );
    expect(busy).toMatchObject({ code: "ApiUnavailable", retry: "transient", retryAfter: 7 });
    for (const code of [500, 502, 503, 504])
      expect(apiProblem(error(code, { message: "etcdserver: no leader" }))).toMatchObject({
        code: "ApiUnavailable",
        retry: "transient",
      });
  });

  test("is told apart from an abort and a deadline of ours", () => {
    expect(
      apiProblem(AbortSignal.timeout(0).reason ?? new DOMException("x", "TimeoutError")),
    ).toMatchObject({
      code: "DeadlineExceeded",
    });
    expect(apiProblem(new Error("a bug")).code).toBe("ApiUnavailable");
  });
});

describe("an error about a Secret", () => {
  const path = "/api/v1/namespaces/a/secrets/b";
  const sentinel = "SENTINEL";

  test("lets through no word of a text that is not known to be free of values", () => {
    const shapes = (value: string): Status[] => [
      { message: value },
      { message: `failed to create typed patch object (a/b; /v1, Kind=Secret): .data.k: ${value}` },
      {
        message: `failed to create typed patch object (a/b; /v1, Kind=Secret): .data.k: expected string, got &{${value}}`,
      },
      {
        message: `failed to create typed patch object (a/b; /v1, Kind=Secret): errors:\n  .data.k: expected string, got ${value}\n  .data.l: expected string, got ${value}`,
      },
      {
        message: `failed to convert new object (a/b; /v1, Kind=Secret) to proper version: ${value}`,
      },
      { message: `admission webhook "w" denied the request: ${value}` },
      { message: `admission webhook "w" denied the request: illegal base64 data ${value}` },
      { message: `failed calling webhook "w": ${value}` },
      { message: `secrets "b" is forbidden: violates ${value}` },
      { message: `secrets "b" not found ${value}` },
      { message: `Operation cannot be fulfilled on secrets "b": ${value}` },
      {
        reason: "Invalid",
        message: `Secret "b" is invalid: data[k]: Invalid value: "${value}": bad`,
        details: {
          name: "b",
          causes: [
            { reason: "FieldValueInvalid", field: "data[k]", message: `Invalid value: "${value}"` },
            { reason: "FieldValueRequired", field: "data[l]", message: `Required value: ${value}` },
            { field: "data[m]", message: `${value} field is immutable` },
            { message: value },
          ],
        },
      },
    ];
    fc.assert(
      fc.property(
        fc.string({ maxLength: 20 }),
        fc.string({ maxLength: 20 }),
        fc.constantFrom(400, 403, 404, 409, 422, 500),
        (before, after, code) => {
          for (const status of shapes(`${before}${sentinel}${after}`)) {
            const problem = apiProblem(error(code, status, path), {
              object: { group: "", kind: "Secret", namespace: "a", name: "b" },
            });
            expect(inspect(problem, { depth: 12, showHidden: true })).not.toContain(sentinel);
          }
        },
      ),
    );
  });

  test("of another kind keeps its words", () => {
    const refused = apiProblem(error(400, { message: "a plain text" }));
    expect(refused.message).toContain("a plain text");
  });
});

test("what a person reads is one line of bounded length", () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 3000 }),
      fc.constantFrom(400, 403, 422, 500),
      (text, code) => {
        const causes = Array.from({ length: 20 }, (_, i) => ({ field: `f${i}`, message: text }));
        for (const status of [{ message: text }, { message: text, details: { causes } }]) {
          const { message } = apiProblem(error(code, status));
          expect(message.length).toBeLessThan(2500);
          expect(message).not.toContain("\n");
        }
      },
    ),
  );
});
