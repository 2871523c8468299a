import { afterAll, expect, test } from "vitest";
import { Jq } from "../../../src/render/jq.ts";

const jq = new Jq({ deadlineMs: 5_000 });
afterAll(() => jq.close());

const value = "c2VudGluZWw=";
const secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "robot" },
  data: { password: value },
};

test("a path expression names the fields of a Secret", async () => {
  expect(await jq.paths(".data.password", secret)).toEqual([["data", "password"]]);
});

test.each(["error(.data.password)", ".data.password | tonumber", ".data | tojson"])(
  "an expression that fails on a Secret quotes nothing of it: %s",
  async (expression) => {
    const refusal: unknown = await jq.paths(expression, secret).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "InvalidSpec" });
    const { message, detail, cause } = refusal as Error & { detail?: string };
    expect(`${message} ${detail} ${cause}`).toContain("path expression for a Secret");
    expect(`${message} ${detail} ${cause}`).not.toContain(value.slice(0, 6));
  },
);

test("of other objects jq's own message is told", async () => {
  const map = { ...secret, kind: "ConfigMap" };
  await expect(jq.paths("error(.metadata.name)", map)).rejects.toThrow("robot");
});
