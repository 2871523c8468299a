import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { provideRenderers } from "../../../setup/renderers.mjs";

let place: string;
const { signal } = new AbortController();

/** A Go that writes down what it is to build, and for which platform. */
const go = `#!/bin/sh
[ -e "$PLACE/no-go" ] && exit 1
case "$1" in
  version) exit 0 ;;
  env) cat "$PLACE/go-version"; exit 0 ;;
esac
for last; do [ "$before" = -o ] && output="$last"; before="$last"; done
echo "$GOOS $GOARCH $last" >> "$PLACE/built"
[ -e "$PLACE/broken" ] && { echo "main.go:1:1: expected 'package'" >&2; exit 1; }
truncate -s "$(cat "$PLACE/size")" "$output"
`;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "mooring-renderers-"));
  await mkdir(join(place, "tools"));
  await writeFile(join(place, "tools/go"), go);
  await chmod(join(place, "tools/go"), 0o755);
  await writeFile(join(place, "go-version"), "go1.26.8\n");
  await writeFile(join(place, "size"), "20000000");
  await checkout("one");
});
afterEach(() => rm(place, { recursive: true }));

async function checkout(name: string) {
  const sources = join(place, name, "renderers");
  await mkdir(join(sources, "helm"), { recursive: true });
  await writeFile(join(sources, "go.mod"), "module renderers\n");
  await writeFile(join(sources, "helm/main.go"), "package main\n");
}

function provide(name = "one") {
  const path = [join(place, "tools"), "/usr/bin", "/bin"].join(delimiter);
  const env = { PATH: path, PLACE: place, XDG_CACHE_HOME: join(place, "cache") };
  return provideRenderers({ signal, root: join(place, name), env });
}

const modules = async (name = "one") =>
  (await readdir(join(place, name, "renderers/build"))).filter((file) => file.endsWith(".wasm"));

async function built() {
  const text = await readFile(join(place, "built"), "utf8").catch(() => "");
  return text.split("\n").filter(Boolean);
}

describe("the renderers", () => {
  test("are built for WASI, once for the same sources", async () => {
    await provide();
    await provide();
    expect(await built()).toEqual(["wasip1 wasm ./kustomize", "wasip1 wasm ./helm"]);
    expect(await modules()).toEqual(["helm.wasm", "kustomize.wasm"]);
  });

  test("are built again for other sources", async () => {
    await provide();
    await writeFile(join(place, "one/renderers/helm/main.go"), "package main // changed\n");
    await provide();
    expect(await built()).toHaveLength(4);
  });

  test("are not built again by a second checkout of the same sources", async () => {
    await provide();
    await checkout("two");
    await provide("two");
    expect(await built()).toHaveLength(2);
    expect(await modules("two")).toEqual(["helm.wasm", "kustomize.wasm"]);
  });

  test("are built once by two set-ups side by side", async () => {
    await Promise.all([provide(), provide()]);
    expect(await built()).toHaveLength(2);
  });

  test("are built anew by another Go", async () => {
    await provide();
    await writeFile(join(place, "go-version"), "go1.27.0\n");
    await checkout("two");
    await provide("two");
    expect(await built()).toHaveLength(4);
  });

  test("need no Go where they are built already, as in a release", async () => {
    await provide();
    await writeFile(join(place, "no-go"), "");
    await cp(join(place, "one"), join(place, "release"), { recursive: true });
    await provide("release");
    expect(await built()).toHaveLength(2);
  });

  test("ask for Go where it is missing, and say where it is", async () => {
    await writeFile(join(place, "no-go"), "");
    await expect(provide()).rejects.toThrow(
      /renderers .* must be built, and Go is missing\.\nInstall Go 1\.26 or newer from https:\/\/go\.dev\/dl\//,
    );
  });

  test("that do not compile leave nothing behind, and what Go said", async () => {
    await writeFile(join(place, "broken"), "");
    await expect(provide()).rejects.toThrow("main.go:1:1: expected 'package'");
    await rm(join(place, "broken"));
    await provide();
    expect(await modules()).toHaveLength(2);
  });

  test("above 30 MB are refused", async () => {
    await writeFile(join(place, "size"), "30000001");
    await expect(provide()).rejects.toThrow("kustomize.wasm has 30.0 MB, more than 30 MB");
  });
});
