import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { officialRendererBinaries } from "../../../setup/control-plane.mjs";
import { helmCapabilities } from "../../../src/cli/render/capabilities.ts";

const template = `
kubeVersion: {{ .Capabilities.KubeVersion.Version }}
apiVersions: {{ .Capabilities.APIVersions | toJson }}
`;

test("without a cluster charts see what helm template shows them", async () => {
  const chart = await mkdtemp(join(tmpdir(), "mooring-capabilities-"));
  onTestFinished(() => rm(chart, { recursive: true, force: true }));
  await mkdir(join(chart, "templates"));
  await writeFile(join(chart, "Chart.yaml"), "apiVersion: v2\nname: seen\nversion: 1.0.0\n");
  await writeFile(join(chart, "templates/seen.yaml"), template);
  const { stdout } = await promisify(execFile)(
    officialRendererBinaries().helm,
    ["template", "release-name", chart],
    { env: { HOME: chart, PATH: "" } },
  );
  const { kubeVersion, apiVersions } = parse(stdout);
  expect(helmCapabilities.kubeVersion).toBe(kubeVersion);
  expect([...helmCapabilities.apiVersions].sort()).toEqual(apiVersions.sort());
});
