// Makes a checkout ready for `npm start`, `npm test`, `npm run cluster` or `npm run bench`;
// npm runs it before each of them. Plain JavaScript for Node 20, no dependencies: it runs
// before anything is installed. With everything in place it says nothing and takes no time.
//
// Usage: node setup/main.mjs start|test|cluster|bench
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  provideControlPlane,
  provideMonitoringTools,
  provideOfficialRenderers,
} from "./binaries.mjs";
import { compile } from "./compile.mjs";
import { install } from "./install.mjs";
import { interruption } from "./interruption.mjs";
import { provideRenderers } from "./renderers.mjs";
import { requireGit } from "./system-packages.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether the task serves or clones Git repositories. */
const needsGit = { start: true, test: true, cluster: false, bench: true };

/** Whether the task renders kustomizations and charts. */
const needsRenderers = { start: true, test: true, cluster: false, bench: true };

/** Whether the task compares renders with those of the official kustomize and Helm. */
const needsOfficialRenderers = { start: false, test: true, cluster: false, bench: true };

/** Whether the task checks alert rules and dashboards. */
const needsMonitoringTools = { start: false, test: true, cluster: false, bench: false };

function requireNode24() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 24 && !existsSync(join(root, "node_modules/.bin/node"))) {
    throw new Error(
      `Node 24 is needed, and npm installed none for ${process.platform}-${process.arch}; ` +
        "install it from https://nodejs.org/, or run `npm ci --include=optional`.",
    );
  }
}

async function main(task) {
  if (!Object.hasOwn(needsGit, task ?? "")) {
    throw new Error("usage: node setup/main.mjs start|test|cluster|bench");
  }
  if (needsGit[task]) requireGit();
  const signal = interruption();
  await install(root, { signal });
  requireNode24();
  if (task === "bench") await compile(root, { signal });
  await provideControlPlane({ signal });
  if (needsRenderers[task]) await provideRenderers({ signal });
  if (needsOfficialRenderers[task]) await provideOfficialRenderers({ signal });
  if (needsMonitoringTools[task]) await provideMonitoringTools({ signal });
}

try {
  await main(process.argv[2]);
} catch (error) {
  console.error(`setup: ${error.message}`);
  process.exitCode = 1;
}
