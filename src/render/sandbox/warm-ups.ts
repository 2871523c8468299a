/**
 * A small input for each renderer, rendered once before its memory is kept: what it makes at its
 * first run (schemas, tables, functions compiled) is there for every run then.
 */
import type { FileAnswers } from "./host.ts";

export interface WarmUp {
  /** As JSON. */
  request: string;
  files: FileAnswers;
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: web:1
        ports: [{containerPort: 80}]
`;

const service = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80}]
`;

const overlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop
namePrefix: prod-
resources: [../base]
labels: [{pairs: {env: prod}, includeSelectors: true}]
replicas: [{name: web, count: 2}]
images: [{name: web, newTag: "2"}]
configMapGenerator: [{name: settings, literals: [a=b]}]
patches:
- patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web
    spec:
      template:
        spec:
          containers:
          - name: web
            env: [{name: A, value: b}]
- target: {kind: Service}
  patch: |-
    - op: add
      path: /metadata/annotations
      value: {a: b}
`;

const helpers = `{{- define "web.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}
`;

const template = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ printf "%s-%s" .Release.Name .Chart.Name }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  {{- if not .Values.autoscaling }}
  replicas: {{ .Values.replicas | default 1 | int }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "web.labels" . | nindent 6 }}
  template:
    metadata:
      {{- with .Values.annotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      labels:
        {{- include "web.labels" . | nindent 8 }}
    spec:
      containers:
      {{- range $name, $image := .Values.images }}
      - name: {{ $name }}
        image: {{ required "an image" $image | quote }}
      {{- end }}
`;

const warmUps: Readonly<Record<string, WarmUp>> = {
  kustomize: {
    request: JSON.stringify({ path: "prod" }),
    files: filesOf({
      "base/deployment.yaml": deployment,
      "base/service.yaml": service,
      "base/kustomization.yaml": "resources: [deployment.yaml, service.yaml]\n",
      "prod/kustomization.yaml": overlay,
    }),
  },
  helm: {
    request: JSON.stringify({
      path: "web",
      releaseName: "web",
      namespace: "shop",
      kubeVersion: "v1.36.0",
      apiVersions: ["v1", "apps/v1", "apps/v1/Deployment"],
      valueFiles: [],
      ignoreMissingValueFiles: false,
      values: { replicas: 2 },
      parameters: [{ name: "images.side", value: "side:1", forceString: true }],
      skipCrds: false,
      skipSchemaValidation: false,
      skipTests: false,
    }),
    files: filesOf({
      "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
      "web/values.yaml": "annotations: {a: b}\nimages: {web: 'web:1'}\n",
      "web/templates/_helpers.tpl": helpers,
      "web/templates/deployment.yaml": template,
    }),
  },
};

/** undefined: the renderer needs none. */
export function warmUpOf(renderer: string): WarmUp | undefined {
  return Object.hasOwn(warmUps, renderer) ? warmUps[renderer] : undefined;
}

function filesOf(files: Readonly<Record<string, string>>): FileAnswers {
  const paths = Object.keys(files);
  const childrenOf = (directory: string) => {
    const prefix = directory === "" ? "" : `${directory}/`;
    const names = paths
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length).replace(/\/.*/, "/"));
    return [...new Set(names)].sort();
  };
  const kindOf = (path: string) => {
    if (Object.hasOwn(files, path)) return "file";
    return childrenOf(path).length > 0 ? "directory" : "missing";
  };
  return {
    stat: kindOf,
    read(path) {
      const kind = kindOf(path);
      return kind === "file" ? Buffer.from(files[path] ?? "") : kind;
    },
    list(path) {
      const kind = kindOf(path);
      return kind === "directory" ? childrenOf(path) : kind;
    },
  };
}
