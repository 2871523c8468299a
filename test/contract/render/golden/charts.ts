/** The charts of test/fixtures/charts, and the ways in which they are rendered. */
import type { Capabilities, HelmOptions } from "../../../../src/render/source.ts";

/** A cluster with the Prometheus operator. */
export const cluster: Capabilities = {
  kubeVersion: "v1.36.3",
  apiVersions: [
    "v1",
    "v1/Pod",
    "apps/v1",
    "apps/v1/Deployment",
    "autoscaling/v1",
    "autoscaling/v2",
    "autoscaling/v2/HorizontalPodAutoscaler",
    "monitoring.coreos.com/v1",
    "monitoring.coreos.com/v1/ServiceMonitor",
  ],
};

const olderCluster: Capabilities = {
  kubeVersion: "1.34",
  apiVersions: ["v1", "apps/v1", "autoscaling/v1"],
};

export interface ChartCase {
  /** Path below `charts/`. */
  chart: string;
  releaseName?: string;
  capabilities?: Capabilities;
  helm?: HelmOptions;
}

export const charts: Readonly<Record<string, ChartCase>> = {
  "the chart that most charts begin as": { chart: "web" },
  "a values file of the chart": { chart: "web", helm: { valueFiles: ["values-production.yaml"] } },
  "a values file of elsewhere in the repository, over one of the chart": {
    chart: "web",
    helm: { valueFiles: ["values-production.yaml", "/charts/umbrella/values-observed.yaml"] },
  },
  "inline values and a name that holds the chart's": {
    chart: "web",
    releaseName: "web-of-the-team",
    helm: {
      values: {
        autoscaling: { enabled: true, maxReplicas: 12345678 },
        podAnnotations: { "example.com/number": "0777", "example.com/word": "yes" },
        affinity: { nodeAffinity: null },
        volumes: [{ name: "tmp", emptyDir: {} }],
      },
      skipTests: true,
    },
  },
  "subcharts with aliases, conditions, tags and imported values": { chart: "umbrella" },
  "other subcharts by tags and global values": {
    chart: "umbrella",
    helm: { valueFiles: ["values-observed.yaml"] },
  },
  "subcharts switched by parameters": {
    chart: "umbrella",
    helm: {
      parameters: [
        { name: "cache.on", value: "false" },
        { name: "tags.observed", value: "true" },
        { name: "legacy.enabled", value: "true" },
        { name: "legacy.inner.enabled", value: "false" },
        { name: "replica.size", value: "7Gi" },
        { name: "global.domain", value: "example.org" },
      ],
    },
  },
  "null in inline values, for defaults of the chart and of its subcharts": {
    chart: "umbrella",
    helm: {
      values: {
        primary: { size: null, labels: { app: null, mine: "too" } },
        replica: { labels: null },
        global: { image: null },
        imported: null,
      },
    },
  },
  "subcharts as vendored archives": { chart: "packed" },
  "a library": { chart: "library" },
  "CRDs of a chart and its subcharts, and every kind in the order of installation": {
    chart: "operator",
  },
  "a chart without its CRDs": { chart: "operator", helm: { skipCrds: true } },
  "hooks after what they are not, and notes nowhere": { chart: "hooks" },
  "hooks without tests": { chart: "hooks", helm: { skipTests: true } },
  "values that fit their schema": { chart: "schema" },
  "values that do not fit, unchecked": {
    chart: "schema",
    helm: { values: { replicas: 100, extra: true }, skipSchemaValidation: true },
  },
  "branches on a cluster's version and APIs": { chart: "capabilities" },
  "branches on another cluster's version and APIs": {
    chart: "capabilities",
    capabilities: olderCluster,
  },
  "branches on the version of a vendor": {
    chart: "capabilities",
    capabilities: { ...olderCluster, kubeVersion: "v1.35.5-eks-113cf36" },
  },
  "every oddity of YAML, byte order marks, Windows' line ends, templates behind symlinks": {
    chart: "plain-text",
  },
  "files of the chart, and functions": { chart: "files" },
  "300 templates with deep helpers and subcharts of subcharts": { chart: "large" },
  "values of the chart alone": { chart: "parameters" },
  "values files, the later over the earlier, null removing": {
    chart: "parameters",
    helm: { valueFiles: ["first.yaml", "second.yaml"] },
  },
  "values files without values": {
    chart: "parameters",
    helm: { valueFiles: ["empty.yaml"], values: {} },
  },
  "null in inline values": {
    chart: "parameters",
    helm: {
      valueFiles: ["first.yaml"],
      values: { removed: null, nested: { inner: null }, list: [null] },
    },
  },
  "inline values over values files, parameters over both": {
    chart: "parameters",
    helm: {
      valueFiles: ["first.yaml"],
      values: { replaced: "inline", nested: { inner: { value: "inline", inline: 1.5 } } },
      parameters: [{ name: "nested.inner.value", value: "parameter" }],
    },
  },
  "parameters of every type": {
    chart: "parameters",
    helm: {
      parameters: [
        { name: "integer", value: "9007199254740993" },
        { name: "float", value: "1.50" },
        { name: "exponent", value: "1e3" },
        { name: "octal", value: "0777" },
        { name: "truth", value: "true" },
        { name: "word", value: "yes" },
        { name: "none", value: "null" },
        { name: "empty", value: "" },
        { name: "text", value: "a=b: c #d" },
        { name: "forced", value: "1", forceString: true },
        { name: "forcedTruth", value: "true", forceString: true },
        { name: "forcedNull", value: "null", forceString: true },
      ],
    },
  },
  "parameters with lists, commas, dots and indices": {
    chart: "parameters",
    helm: {
      parameters: [
        { name: "list", value: "{a,b,3}" },
        { name: "emptyList", value: "{}" },
        { name: "nested.inner.list[1].name", value: "second" },
        { name: "dotted\\.key", value: "x" },
        { name: "escaped", value: "a\\,b" },
        { name: "commas", value: "a,b,,c=d" },
        { name: "slash", value: "C:\\\\dir" },
        { name: "removed", value: "null" },
        { name: "nested.inner.other", value: "null" },
      ],
    },
  },
  "forced strings over parameters, whatever their order": {
    chart: "parameters",
    helm: {
      parameters: [
        { name: "same", value: "1", forceString: true },
        { name: "same", value: "2" },
        { name: "twice", value: "1" },
        { name: "twice", value: "2" },
      ],
    },
  },
};

export interface BrokenChart {
  chart: string;
  helm?: HelmOptions;
  /** The file that the message must name, below `charts/`. */
  names: string;
  says: RegExp;
}

export const brokenCharts: Readonly<Record<string, BrokenChart>> = {
  "a value that is required": {
    chart: "broken/required",
    names: "broken/required/templates/deep/object.yaml",
    says: /set name to the object's name/,
  },
  "a template that is none": {
    chart: "broken/template-syntax",
    names: "broken/template-syntax/templates/object.yaml",
    says: /unexpected "}"/,
  },
  "a template that renders to no YAML": {
    chart: "broken/rendered-yaml",
    names: "broken/rendered-yaml/templates/object.yaml",
    says: /did not find expected key/,
  },
  "a template that includes what nobody defines": {
    chart: "broken/unknown-include",
    names: "broken/unknown-include/templates/object.yaml",
    says: /nobody\.defines\.this/,
  },
  "notes that fail": {
    chart: "broken/failing-notes",
    names: "broken/failing-notes/templates/NOTES.txt",
    says: /set a password/,
  },
  "a dependency that is not vendored": {
    chart: "broken/missing-dependency",
    names: "broken/missing-dependency/Chart.yaml",
    says: /absent/,
  },
  "a cluster that is too old": {
    chart: "broken/old-cluster",
    names: "broken/old-cluster/Chart.yaml",
    says: />=99\.0\.0/,
  },
  "values that are no YAML": {
    chart: "broken/bad-values",
    names: "broken/bad-values/",
    says: /values\.yaml/,
  },
  "a chart without a version": {
    chart: "broken/no-version",
    names: "broken/no-version/Chart.yaml",
    says: /version/,
  },
  "values that do not fit their schema": {
    chart: "schema",
    helm: { values: { replicas: 100 } },
    names: "schema/",
    says: /replicas/,
  },
  "a values file that is not there": {
    chart: "web",
    helm: { valueFiles: ["values-nowhere.yaml"] },
    names: "web/values-nowhere.yaml",
    says: /no such file|missing/,
  },
  "a library by itself": {
    chart: "library/charts/common",
    names: "library/charts/common/Chart.yaml",
    says: /not installable/,
  },
};
