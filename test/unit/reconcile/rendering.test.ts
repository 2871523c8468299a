import { expect, test } from "vitest";
import { type Rendered, Rendering } from "../../../src/reconcile/rendering.ts";

const rendered = { commit: { id: "1" }, set: { objects: [] } } as unknown as Rendered;

test("what ends in time is given back, or thrown", async () => {
  const good = new Rendering("main@sha1:1", 1, Promise.resolve(rendered));
  expect(await good.within(60_000)).toBe(rendered);
  const bad = new Rendering("main@sha1:1", 1, Promise.reject(new Error("cut off")));
  await expect(bad.within(60_000)).rejects.toThrow("cut off");
});

test("what takes longer is waited for no more, and taken up by a later run", async () => {
  const { promise, resolve } = Promise.withResolvers<Rendered>();
  const rendering = new Rendering("main@sha1:1", 1, promise);
  expect(await rendering.within(0)).toBeUndefined();
  resolve(rendered);
  await rendering.settled;
  expect(await rendering.within(0)).toBe(rendered);
});

test("a failure that nobody waits for is kept for the run that asks next", async () => {
  const { promise, reject } = Promise.withResolvers<Rendered>();
  const rendering = new Rendering("main@sha1:1", 1, promise);
  expect(await rendering.within(0)).toBeUndefined();
  reject(new Error("cut off"));
  await rendering.settled;
  await expect(rendering.within(0)).rejects.toThrow("cut off");
});
