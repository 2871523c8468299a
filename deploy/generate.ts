/** What is generated in deploy/: everything in one file for `kubectl apply -f`, and files of the chart. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { controlPlaneBinaries } from "../setup/control-plane.mjs";

export interface GeneratedFile {
  /** From the root of the checkout. */
  readonly path: string;
  readonly text: string;
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** @throws Error when kubectl is not there yet (`npm test` builds it), or a kustomization is wrong */
export async function generatedManifests(): Promise<GeneratedFile[]> {
  const installation = await kustomize("deploy/overlays/cluster-wide");
  const crds = documentsOf(installation).filter((document) =>
    /^kind: CustomResourceDefinition$/m.test(document),
  );
  return [
    { path: "deploy/install.yaml", text: installation },
    ...crds.map((text) => ({ path: `deploy/chart/files/crds/${fileOf(text)}`, text })),
    // A chart cannot read what is outside of it.
    { path: "deploy/chart/files/monitoring.yaml", text: await kustomize("deploy/monitoring") },
  ];
}

async function kustomize(directory: string): Promise<string> {
  const { kubectl } = controlPlaneBinaries();
  const { stdout } = await promisify(execFile)(kubectl, ["kustomize", directory], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

function documentsOf(text: string): string[] {
  return text.split(/^---\n/m);
}

/** As controller-gen names them: `mooring.dev_applications.yaml` of applications.mooring.dev. */
function fileOf(crd: string): string {
  const [, plural = "", group = ""] = /^ {2}name: ([^.\n]+)\.(\S+)$/m.exec(crd) ?? [];
  return `${group}_${plural}.yaml`;
}
