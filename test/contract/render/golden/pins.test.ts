/** The modules of the sandbox and the programs they are compared with are of the same code. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** The versions that a go.mod requires, directly or not, by module. */
function pins(goMod: string): Map<string, string> {
  const text = readFileSync(new URL(`../../../../${goMod}`, import.meta.url), "utf8");
  const lines = text.matchAll(/^(?:require)?\s*(\S+) (v\S+)(?: \/\/ indirect)?$/gm);
  return new Map(Array.from(lines, ([, module = "", version = ""]) => [module, version] as const));
}

const renderers = pins("renderers/go.mod");

test.each(["sigs.k8s.io/kustomize/api", "sigs.k8s.io/kustomize/kyaml"])(
  "%s is that of the official kustomize",
  (module) => {
    expect(renderers.get(module)).toMatch(/^v/);
    expect(renderers.get(module)).toBe(pins("setup/modules/kustomize/go.mod").get(module));
  },
);

test.each([
  "helm.sh/helm/v4",
  "github.com/Masterminds/sprig/v3",
  "github.com/Masterminds/semver/v3",
  "github.com/santhosh-tekuri/jsonschema/v6",
  "github.com/BurntSushi/toml",
  "sigs.k8s.io/yaml",
])("%s is that of the official Helm", (module) => {
  expect(renderers.get(module)).toMatch(/^v/);
  expect(renderers.get(module)).toBe(pins("setup/modules/helm/go.mod").get(module));
});
