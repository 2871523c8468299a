/** The chart's life on a real apiserver, by the official Helm: installed, upgraded, uninstalled. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { officialRendererBinaries } from "../../../setup/control-plane.mjs";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { untilServed } from "../../cluster/served.ts";
import { root } from "./manifests.ts";

const namespace = "gitops";
const application = {
  apiVersion: "mooring.dev/v1alpha1",
  kind: "Application",
  metadata: { name: "shop", namespace: "default" },
  spec: { source: { git: { url: "https://git.example/shop.git" } } },
};
const definition = "crd/applications.mooring.dev";

let plane: ControlPlane;
let scratch: string;
let chart: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mooring-helm-"));
  chart = join(scratch, "chart");
  [plane] = await Promise.all([
    startControlPlane({ audit: false, workloads: false }),
    cp(join(root, "deploy/chart"), chart, { recursive: true }),
  ]);
}, 120_000);
afterAll(async () => {
  await plane?.stop();
  await rm(scratch, { recursive: true });
});

async function helm(...args: string[]): Promise<string> {
  const access = [`--kubeconfig=${plane.adminKubeconfig}`, `--namespace=${namespace}`];
  const { stdout } = await promisify(execFile)(
    officialRendererBinaries().helm,
    [...args, ...access],
    { env: { PATH: "/usr/bin:/bin", HOME: scratch } },
  );
  return stdout;
}

test("it is installed into a namespace that Helm makes, and says what to look at", async () => {
  const said = await helm("install", "mooring", chart, "--create-namespace");
  expect(said).toContain(`kubectl --namespace ${namespace} rollout status deployment/mooring`);
  await untilServed(plane, "applications.mooring.dev");
  await plane.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(application));
});

test("an upgrade brings what is new in the CRD", async () => {
  const file = join(chart, "files/crds/mooring.dev_applications.yaml");
  const crd = await readFile(file, "utf8");
  await writeFile(file, crd.replace("shortNames:\n", "shortNames:\n    - newapp\n"));
  await helm("upgrade", "mooring", chart, "--set=replicas=3");
  const names = await plane.kubectl(["get", definition, "-o=jsonpath={.spec.names.shortNames}"]);
  expect(names).toContain("newapp");
  const deployment = ["get", "deployment/mooring", `-n=${namespace}`];
  expect(await plane.kubectl([...deployment, "-o=jsonpath={.spec.replicas}"])).toBe("3");
});

test("uninstalled, it leaves the CRD and every Application", async () => {
  await helm("uninstall", "mooring");
  const left = ["get", "deployment,clusterrole", "-A", "-l=app.kubernetes.io/part-of=mooring"];
  expect(await plane.kubectl([...left, "-o=name"])).toBe("");
  await plane.kubectl(["get", definition]);
  await plane.kubectl(["get", "application/shop", "-n=default"]);
});
