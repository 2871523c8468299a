{{- define "catalogue.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "catalogue.labels" -}}
{{ include "catalogue.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{/* Generated once for an installation of Mooring and an Application: a restart gives the same. */}}
{{- define "catalogue.password" -}}
{{ randAlphaNum 24 }}
{{- end }}
