{{/* Labels of what belongs to the pods. */}}
{{- define "mooring.labels" -}}
app.kubernetes.io/name: mooring
app.kubernetes.io/part-of: mooring
{{- end }}

{{- define "mooring.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* The variable of a flag: render-workers is MOORING_RENDER_WORKERS. */}}
{{- define "mooring.variable" -}}
MOORING_{{ . | upper | replace "-" "_" }}
{{- end }}

{{/* Numbers of values are floating point: 1e+07 otherwise. */}}
{{- define "mooring.text" -}}
{{- if kindIs "float64" . }}{{ printf "%.0f" . }}{{ else }}{{ toString . }}{{ end }}
{{- end }}

{{/* Binds a role to the controller. Of: kind, name, namespace (none for a ClusterRole), root. */}}
{{- define "mooring.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: { app.kubernetes.io/part-of: mooring }
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: mooring
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{- define "mooring.rules.own" -}}
- apiGroups: ["mooring.dev"]
  resources: ["applications"]
  verbs: ["get", "patch"]
- apiGroups: ["mooring.dev"]
  resources: ["applications/status"]
  verbs: ["patch"]
- apiGroups: ["events.k8s.io"]
  resources: ["events"]
  verbs: ["create"]
{{- end }}

{{- define "mooring.rules.watch" -}}
{{- range .Values.watchKinds | default (list (dict "apiGroups" (list "*") "resources" (list "*"))) }}
- apiGroups: {{ toJson .apiGroups }}
  resources: {{ toJson .resources }}
  verbs: ["list", "watch"]
{{- end }}
{{- end }}

{{- define "mooring.rules.impersonate" -}}
- apiGroups: [""]
  resources: ["serviceaccounts"]
  {{- with .Values.impersonation.serviceAccounts }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: ["impersonate"]
{{- end }}
