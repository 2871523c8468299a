import { expect, test } from "vitest";
import type { Transport } from "../../../src/cluster/transport.ts";
import type { KubeObject } from "../../../src/model/object.ts";
import { Applications } from "../../../src/reconcile/applications.ts";

function application(uid: string, resourceVersion: string): KubeObject {
  return {
    apiVersion: "mooring.dev/v1alpha1",
    kind: "Application",
    metadata: { namespace: "team-a", name: "shop", uid, resourceVersion },
    spec: { source: { git: { url: "https://git.example/shop.git" } } },
  };
}

function kept(): { applications: Applications; told: string[] } {
  const told: string[] = [];
  const applications = new Applications({
    transport: {} as Transport,
    namespaces: [],
    signal: new AbortController().signal,
    onChange: ({ application: { uid } }) => told.push(`changed ${uid}`),
    onGone: ({ application: { uid } }) => told.push(`gone ${uid}`),
    log: () => {},
  });
  return { applications, told };
}

test("the answer to a write that comes after the Application's end does not bring it back", () => {
  const { applications, told } = kept();
  applications.take(application("first", "1"));
  const state = applications.get("team-a/shop");
  if (state === undefined) throw new Error("it is not kept");
  applications.take(application("second", "3"));
  applications.learn(state, application("first", "2"));
  expect(told).toEqual(["changed first", "gone first", "changed second"]);
  expect(applications.get("team-a/shop")?.application.uid).toBe("second");
});

test("the answer to a write is known before the watch tells of it", () => {
  const { applications } = kept();
  applications.take(application("first", "1"));
  const state = applications.get("team-a/shop");
  if (state === undefined) throw new Error("it is not kept");
  applications.learn(state, application("first", "2"));
  expect(state.application.resourceVersion).toBe("2");
});
