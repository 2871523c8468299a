/** Every metric that rules, dashboards and documentation name: what they say must be there. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Of Mooring, of Argo CD for it, and of prom-client; a name that goes on in `*` or `...` is none. */
const metric =
  /(?<![\w/.:@-])(?:mooring|process|nodejs)_[a-z0-9_]*[a-z0-9](?![\w*:]|\{[a-z]+,)|\bargocd_app_info\b/g;

/** Names by the files that have them, from the root of the checkout. */
export function namedMetrics(): Map<string, string[]> {
  const named = new Map<string, string[]>();
  for (const path of [
    "README.md",
    ...filesBelow("docs", ".md"),
    ...filesBelow("deploy/monitoring", ".yaml"),
    ...filesBelow("deploy/monitoring", ".json"),
  ])
    for (const [name] of readFileSync(join(root, path), "utf8").matchAll(metric))
      named.set(name, [...new Set([...(named.get(name) ?? []), path])]);
  return named;
}

function filesBelow(directory: string, suffix: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(suffix))
    .map((name) => join(directory, name));
}
