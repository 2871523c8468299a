/** The kustomizations of test/fixtures/kustomize, and what each is there for. */

/** Path below `kustomize/`, by what its rendering promises. */
export const kustomizations: Readonly<Record<string, string>> = {
  "an overlay for development with 1 replica": "shop/overlays/dev",
  "an overlay for staging with 2 replicas": "shop/overlays/staging",
  "an overlay for production with 5 replicas": "shop/overlays/prod",
  "a base that components leave alone": "components/base",
  "one component": "components/small",
  "two components, one with resources and generators": "components/large",
  "generators from files, env files and literals": "generators/base",
  "generators merged and replaced by an overlay": "generators/overlay",
  "generated names without hashes": "generators/unhashed",
  "replacements with delimiters, several targets and rejects": "replacements",
  "strategic merge and JSON 6902 patches, inline and from files": "patches",
  "the older fields for bases, patches and image tags": "legacy-patches",
  "prefix, suffix, namespace, labels and annotations, and every reference to a name": "naming",
  "images by tag, digest and name": "images",
  "variables of the older kind": "vars",
  "bases above bases, across the repository": "monorepo/apps/web/overlays/eu",
  "an overlay of an overlay": "monorepo/apps/web/overlays/eu-canary",
  "the same base twice, under two names": "monorepo/apps/web/overlays/eu-both",
  "custom resources with a schema, merge keys and references": "custom-resources",
  "generators and transformers as files": "transformers",
  "an order of its own": "ordering/custom",
  "the legacy order": "ordering/legacy",
  "the order of the files": "ordering/fifo",
  "no order asked for": "ordering/objects",
  "build metadata": "build-metadata",
  "large integers, octal numbers, dates, words and texts": "odd-yaml/plain",
  "large integers and odd words in patches": "odd-yaml/patched",
  "files and directories behind symlinks": "links",
  "the other names of a kustomization's file": "file-names",
};

/** Path below `kustomize/broken/`: the file that the message must name, and what else it says. */
export const brokenKustomizations: Readonly<
  Record<string, { path: string; names: string; says: RegExp }>
> = {
  "a resource that is not there": {
    path: "missing-resource",
    names: "missing-resource/kustomization.yaml",
    says: /gone\.yaml/,
  },
  "bases that go round in a circle": {
    path: "cycle",
    names: "cycle/other/kustomization.yaml",
    says: /cycle/,
  },
  "a resource that is no YAML": {
    path: "syntax",
    names: "syntax/kustomization.yaml",
    says: /object\.yaml/,
  },
  "a field that kustomizations do not have": {
    path: "unknown-field",
    names: "unknown-field/kustomization.yaml",
    says: /"resource"/,
  },
  "a patch of nothing": {
    path: "patch-without-target",
    names: "patch-without-target/kustomization.yaml",
    says: /absent/,
  },
  "one object in two files": {
    path: "same-object-twice",
    names: "same-object-twice/kustomization.yaml",
    says: /second\.yaml/,
  },
  "a resource without a kind": {
    path: "no-kind",
    names: "no-kind/kustomization.yaml",
    says: /values\.yaml/,
  },
  "a replacement of nothing": {
    path: "replacement-without-source",
    names: "replacement-without-source/kustomization.yaml",
    says: /absent/,
  },
};
