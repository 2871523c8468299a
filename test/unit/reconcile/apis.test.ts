import { afterEach, expect, test } from "vitest";
import type { ApiVersions } from "../../../src/cluster/api-versions.ts";
import { Problem } from "../../../src/model/problem.ts";
import { Controller, type ControllerOptions } from "../../../src/reconcile/controller.ts";
import { ApplicationState, type Desired } from "../../../src/reconcile/state.ts";
import { application, commit, first } from "../status/fixtures.ts";

const git = { url: "https://git.example/shop.git" };
const pinned = { git, helm: { kubeVersion: "v1.30.0", apiVersions: ["v1"] } };
let controller: Controller | undefined;
let logged: object[] = [];
afterEach(() => controller?.drain(0));

function rendered(tool: Desired["tool"], source: object = { git }): ApplicationState {
  const state = new ApplicationState(application({ source }, { name: tool }));
  state.desired = {
    revision: first,
    generation: 1,
    commit: commit(first),
    tool,
    served: "v1.36.3 before",
    inputs: "i",
    targets: new Map(),
    others: [],
  };
  state.takeWork(0);
  return state;
}

/** Which of the applications are looked at again when discovery answers so. */
async function again(
  states: readonly ApplicationState[],
  apiVersions: ApiVersions,
): Promise<boolean[]> {
  await controller?.drain(0);
  logged = [];
  const log = { info: (fields: object) => logged.push(fields) };
  const env = { discovery: { apiVersions, kubernetesVersion: "v1.36.3" }, log };
  controller = new Controller({
    applications: () => states,
    environment: () => env,
    concurrency: 1,
  } as unknown as ControllerOptions);
  controller.kindsChanged();
  return states.map(({ work }) => work.whole);
}

test("charts are rendered again when the cluster serves other APIs, and nothing else is", async () => {
  const states = [rendered("helm"), rendered("helm", pinned), rendered("kustomize")];
  expect(await again(states, { list: [], digest: "before" })).toEqual([false, false, false]);
  expect(await again(states, { unknown: "silence" })).toEqual([false, false, false]);
  expect(await again(states, { list: [], digest: "after" })).toEqual([true, false, false]);
});

test("that charts are rendered again is logged once, with how many; that none are is not", async () => {
  const states = [rendered("helm"), rendered("helm"), rendered("kustomize")];
  await again(states, { list: [], digest: "before" });
  expect(logged).toEqual([]);
  await again(states, { list: [], digest: "after" });
  expect(logged).toEqual([{ applications: 2, kubernetes: "v1.36.3" }]);
});

test("a render that failed is tried again with other APIs, and not before", async () => {
  const state = rendered("directory");
  const problem = new Problem("InvalidManifest", "needs monitoring.coreos.com/v1");
  state.desired = undefined;
  const failed = { revision: first, generation: 1, problem, times: 1, until: Infinity };
  state.failedRender = { ...failed, served: "v1.36.3 before" };
  expect(await again([state], { list: [], digest: "before" })).toEqual([false]);
  expect(state.failedRender).toBeDefined();
  expect(await again([state], { list: [], digest: "after" })).toEqual([true]);
  expect(state.failedRender).toBeUndefined();
});

test("of a revision that is rendered anew only what differs is applied whatever selfHeal says", () => {
  const target = (hash: string) => ({ hash }) as never;
  const of = (targets: Record<string, string>, more: Partial<Desired> = {}): Desired => ({
    ...(rendered("helm").desired as Desired),
    inputs: JSON.stringify([targets, more]),
    targets: new Map(Object.entries(targets).map(([key, hash]) => [key, target(hash)])),
    ...more,
  });
  const state = rendered("helm");
  state.takeDesired(of({ a: "1", b: "1" }));
  state.fresh.clear();
  state.takeDesired(of({ a: "1", b: "2", c: "1" }));
  expect([...state.fresh]).toEqual(["b", "c"]);
  state.takeDesired(of({ a: "1", b: "2" }, { generation: 2 }));
  expect([...state.fresh]).toEqual(["a", "b"]);
});
