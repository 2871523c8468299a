import { describe, expect, it } from "vitest";
import type { LiveObject } from "../../../src/model/live.ts";
import { refKey } from "../../../src/model/object.ts";
import { fieldManagerOf, ownershipOf } from "../../../src/plan/ownership.ts";
import {
  defaultPruneGuard,
  guardDeletion,
  guardPrune,
  pruneCandidates,
  pruneHash,
} from "../../../src/plan/prune.ts";

const ownership = ownershipOf({ namespace: "team-a", name: "shop" });

function live(kind: string, name: string, more: Partial<LiveObject> = {}, group = ""): LiveObject {
  return {
    ref: { group, kind, namespace: "shop", name },
    resource: {
      group,
      kind,
      version: "v1",
      resource: `${kind.toLowerCase()}s`,
      namespaced: true,
      verbs: [],
    },
    uid: `uid-${kind}-${name}`,
    resourceVersion: "1",
    deleting: false,
    partOf: ownership.id,
    appliedHash: "hash",
    controlled: false,
    foreignOwner: undefined,
    claim: "digest",
    otherAppliers: [],
    additions: [],
    kept: false,
    managedFields: undefined,
    health: { state: "Healthy" },
    ...more,
  };
}

const maps = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => live("ConfigMap", `c${from + index}`));
const keys = (objects: readonly LiveObject[]) => new Set(objects.map((one) => refKey(one.ref)));

describe("proof of ownership", () => {
  it.each([
    ["without our label", { partOf: undefined }],
    ["with another application's label", { partOf: "applyset-other-v1" }],
    ["without our Apply entry (a label that a controller copied)", { claim: undefined }],
    ["with a controller ownerReference", { controlled: true }],
  ])("an object %s is no candidate", (_, more) => {
    expect(pruneCandidates([live("ConfigMap", "gone", more)], new Set(), ownership)).toEqual([]);
  });

  it("one object served under two groups is wanted when either is", () => {
    const old = live("Ingress", "web", { uid: "same" }, "extensions");
    const now = live("Ingress", "web", { uid: "same" }, "networking.k8s.io");
    expect(pruneCandidates([old, now], keys([now]), ownership)).toEqual([]);
  });

  it("the field manager follows from the set, and differs between applications", () => {
    const other = ownershipOf({ namespace: "team-b", name: "shop" });
    expect(ownership.fieldManager).toBe(fieldManagerOf(ownership.id));
    expect(other.fieldManager).not.toBe(ownership.fieldManager);
    expect(ownership.id).toMatch(/^applyset-[A-Za-z0-9_-]{43}-v1$/);
  });
});

describe("the prune guard", () => {
  const guard = defaultPruneGuard;

  it("lets a small prune pass", () => {
    const owned = maps(10);
    expect(guardPrune(owned.slice(0, 2), owned, 8, guard, undefined)).toBeUndefined();
  });

  it.each([
    ["more than 30 % and at least 3", maps(9), 3, 6, /3 of 9 objects, more than 30 %/],
    ["more than 20 at once", maps(100), 21, 79, /21 objects at once/],
    ["everything, when the source is empty", maps(1), 1, 0, /no objects at all/],
  ])("holds %s", (_, owned, count, wanted, reason) => {
    const held = guardPrune(owned.slice(0, count), owned, wanted, guard, undefined);
    expect(held?.reason).toMatch(reason);
    expect(held?.objects).toHaveLength(count);
  });

  it("3 of 10 are not more than 30 %", () => {
    const owned = maps(10);
    expect(guardPrune(owned.slice(0, 3), owned, 7, guard, undefined)).toBeUndefined();
  });

  it("holds the last workload, and not one of two", () => {
    const [web, api] = [
      live("Deployment", "web", {}, "apps"),
      live("Deployment", "api", {}, "apps"),
    ];
    const owned = [...maps(10), web];
    expect(guardPrune([web], owned, 10, guard, undefined)?.reason).toMatch(/last workload/);
    expect(guardPrune([web], [...owned, api], 11, guard, undefined)).toBeUndefined();
  });

  it.each([
    ["Namespace", ""],
    ["PersistentVolumeClaim", ""],
    ["CustomResourceDefinition", "apiextensions.k8s.io"],
    ["StatefulSet", "apps"],
    ["Bucket", "s3.aws.crossplane.io"],
  ])("holds any %s", (kind, group) => {
    const one = live(kind, "precious", {}, group);
    const owned = [...maps(20), one];
    expect(guardPrune([one], owned, 20, guard, undefined)?.reason).toMatch(/protected kind/);
    expect(guardDeletion(owned, guard, undefined)?.reason).toMatch(/protected kind/);
  });

  it("passes with exactly its hash, which is bound to the uids", () => {
    const owned = maps(4);
    const held = guardPrune(owned, owned, 0, guard, undefined);
    expect(guardPrune(owned, owned, 0, guard, held?.hash)).toBeUndefined();
    const reborn = owned.map((one, index) => (index === 0 ? { ...one, uid: "another" } : one));
    expect(pruneHash(reborn)).not.toBe(held?.hash);
    expect(guardPrune(reborn, reborn, 0, guard, held?.hash)).toBeDefined();
  });

  it("does not count what is being deleted already", () => {
    const owned = maps(4).map((one) => ({ ...one, deleting: true }));
    expect(guardPrune(owned, owned, 0, guard, undefined)).toBeUndefined();
  });

  it("neither holds nor counts what is let go rather than deleted", () => {
    const kept = live("PersistentVolumeClaim", "data", { kept: true });
    expect(guardPrune([kept], [...maps(9), kept], 9, guard, undefined)).toBeUndefined();
    expect(guardDeletion([...maps(9), kept], guard, undefined)).toBeUndefined();
    const two = [...maps(2), kept];
    expect(guardPrune(two, [...maps(6), kept], 4, guard, undefined)).toBeUndefined();
  });

  it("holds a deletion that nobody is likely to have meant, unless exactly it was approved", () => {
    const owned = maps(2);
    const held = guardDeletion(owned, guard, undefined, "the CRD goes");
    expect(held?.reason).toBe("the CRD goes");
    expect(guardDeletion(owned, guard, held?.hash, "the CRD goes")).toBeUndefined();
    expect(guardDeletion([], guard, undefined, "the CRD goes")).toBeUndefined();
  });

  it("deleting an application without protected kinds is not held, however large", () => {
    expect(guardDeletion(maps(500), guard, undefined)).toBeUndefined();
  });
});
