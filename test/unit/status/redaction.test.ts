import { describe, expect, test } from "vitest";
import { Problem } from "../../../src/model/problem.ts";
import { boundText, enumerate } from "../../../src/status/bound.ts";
import {
  problemText,
  redactCredentials,
  redactSecretText,
  redactText,
  redactValue,
} from "../../../src/status/redaction.ts";

const value = "Sentinel-9f8e7d";

describe("a text loses", () => {
  test.each([
    ["credentials of a URL", `fetch https://bot:${value}@git.example/shop.git failed`],
    ["a password with an @", `https://bot:a@${value}@git.example/shop.git`],
    ["credentials behind more slashes", `https:///bot:${value}@git.example/shop.git`],
    ["a token as user name", `https://${value}@git.example/shop.git`],
    ["a token in a query", `GET https://git.example/x?private_token=${value}&page=2`],
    ["an authorization header", `Authorization: Basic ${value}`],
    ["a header in JSON", JSON.stringify({ Authorization: `Bearer ${value}` })],
    ["a bearer token in a sentence", `sent Bearer ${value}${value} to it`],
    ["a token of GitHub", `remote said ghp_${value.replace("-", "")}0123456789`],
    ["a JWT", `eyJhbGciOiJIUzI1NiJ9.${value}.${value}`],
    ["a private key", `-----BEGIN RSA PRIVATE KEY-----\n${value}\n-----END RSA PRIVATE KEY-----`],
    ["a private key inside JSON", JSON.stringify(`-----BEGIN PRIVATE KEY-----\n${value}\n`)],
  ])("%s", (_name, text) => {
    expect(redactText(text)).not.toContain(value);
  });
});

test("a text keeps what people need", () => {
  for (const text of [
    "https://git.example/shop.git: 503",
    "Basic authentication failed",
    'secrets "db" is forbidden: User "system:serviceaccount:team-a:deployer" cannot patch resource "secrets"',
    "main@sha1:1111111111111111111111111111111111111111",
    "not YAML (clusters/Prod1/secrets/db.yaml:3)",
  ]) {
    expect(redactText(text)).toBe(text);
    expect(redactSecretText(text)).toBe(text);
  }
});

test("a redacted line of JSON is still JSON", () => {
  for (const value of [
    { url: "https://u:p@h/x", authorization: null, n: 1 },
    { msg: 'Authorization: Basic abc"def', b: "-----BEGIN PRIVATE KEY-----\nabc" },
    { msg: "x?token=a\\", next: "y" },
    { authorization: "a b", list: ["https://u@h"] },
  ])
    expect(() => JSON.parse(redactCredentials(JSON.stringify(value)))).not.toThrow();
});

test("what the apiserver quotes of a Secret is gone", () => {
  for (const text of [
    `failed to create typed patch object (shop/db; /v1, Kind=Secret): .data.p: expected string, got &value.valueUnstructured{Value:"a}${value}"}`,
    `Secret "db" is invalid: data[p]: Invalid value: "${value}": too long`,
    `json: cannot unmarshal "${value}" into Go value`,
  ]) {
    const problem = new Problem("ApplyRefused", text, {
      object: { group: "", kind: "Secret", namespace: "shop", name: "db" },
    });
    expect(problemText(problem)).not.toContain(value);
    expect(redactText(problem.message)).not.toContain(value);
    expect(problemText(problem)).toContain("Correct the field in Git.");
  }
});

test("an object loses Secret data, last-applied annotations and sensitive members, at any depth", () => {
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "db",
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": value },
    },
    data: { password: value },
    stringData: { other: value },
  };
  const nested = {
    items: [{ object: secret }],
    list: { kind: "SecretList", items: [{ metadata: { name: "x" }, data: { a: value } }] },
    auth: { username: "bot", password: value, bearerToken: value },
    headers: { Authorization: `Bearer ${value}` },
    error: new Error(`https://u:${value}@h/`, { cause: new Error(`?token=${value}`) }),
    bytes: Buffer.from(value),
    map: new Map([["password", value]]),
  };
  const clean = JSON.stringify(redactValue(nested));
  expect(clean).not.toContain(value);
  expect(clean).toContain('"name":"db"');
  expect(clean).toContain('"username":"bot"');
});

test("a ConfigMap keeps its data", () => {
  const map = { apiVersion: "v1", kind: "ConfigMap", data: { color: "blue" } };
  expect(redactValue(map)).toEqual(map);
});

test("cycles, depth and breadth are bounded", () => {
  const loop: Record<string, unknown> = { name: "loop" };
  loop.self = loop;
  expect(redactValue(loop)).toEqual({ name: "loop", self: "[circular]" });
  let deep: unknown = "end";
  for (let level = 0; level < 10_000; level++) deep = { deep };
  expect(JSON.stringify(redactValue(deep))).toContain("[deep]");
  const wide = redactValue(Array.from({ length: 100_000 }, (_, index) => index)) as unknown[];
  expect(wide.length).toBeLessThan(1_000);
});

test("hostile texts are redacted in linear time", () => {
  const hostile = [
    "://a",
    "a.",
    "eyJ",
    "Basic a",
    "-----BEGIN PRIVATE KEY-----",
    "?token=",
    "Authorization: ",
  ];
  for (const part of hostile) expect(redactText(part.repeat(20_000)).length).toBeGreaterThan(0);
});

describe("a bounded text", () => {
  test("is cut between characters, in bytes, and says so", () => {
    expect(boundText("abcdef", 6)).toBe("abcdef");
    expect(boundText("\u{1f600}\u{1f600}\u{1f600}", 8)).toBe("\u{1f600}…");
    expect(Buffer.byteLength(boundText("\u4e16".repeat(100), 50))).toBeLessThanOrEqual(50);
  });

  test("has no control characters, so that no terminal obeys it", () => {
    expect(boundText("a\u001b[31mb\nc\u202ed", 100)).toBe("a [31mb c d");
  });

  test("is redacted before it is cut", () => {
    expect(boundText(`https://user:${"x".repeat(100)}@h`, 40)).toBe("https://***@h");
  });
});

test("an enumeration says how many more there are", () => {
  expect(enumerate(["a", "b", "c"], 2)).toBe("a; b; and 1 more");
  expect(enumerate(["a"], 2)).toBe("a");
});
