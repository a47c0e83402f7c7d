{{- define "pastiche.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- /* Labels that select the pods of one part: (dict "root" $ "part" "app"). */}}
{{- define "pastiche.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "pastiche.labels" -}}
{{ include "pastiche.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "pastiche.image" -}}
{{- $image := mergeOverwrite (deepCopy .root.Values.image) (.image | default dict) }}
{{- $image.repository }}{{ if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "pastiche.secret" -}}
{{ .Values.secrets.existing | default (include "pastiche.name" .) }}
{{- end }}

{{- define "pastiche.redisAddress" -}}
{{ .Values.redis.external.address | default (printf "%s-valkey:6379" (include "pastiche.name" .)) }}
{{- end }}

{{- define "pastiche.redisUrl" -}}
{{- $external := .Values.redis.external }}
{{- if $external.address -}}
redis{{ if $external.tls }}s{{ end }}{{ if $external.cluster }}+cluster{{ end }}://{{ $external.username }}:$(REDIS_PASSWORD)@{{ $external.address }}/0
{{- else -}}
redis://:$(REDIS_PASSWORD)@{{ include "pastiche.redisAddress" . }}/0
{{- end }}
{{- end }}

{{- define "pastiche.fromSecret" -}}
- name: {{ .name }}
  valueFrom: { secretKeyRef: { name: {{ include "pastiche.secret" .root }}, key: {{ .key }} } }
{{- end }}

{{- /* A setting as an environment variable has it. Helm reads numbers as floats, and would print large ones as 1e+11. */}}
{{- define "pastiche.setting" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ printf "%.0f" . }}{{ else if or (kindIs "slice" .) (kindIs "map" .) }}{{ toJson . }}{{ else }}{{ toString . }}{{ end }}
{{- end }}

{{- /* What app, gateway and workers have in common. REDIS_PASSWORD comes before the variable that has it in it. */}}
{{- define "pastiche.environment" -}}
{{ include "pastiche.fromSecret" (dict "root" . "name" "REDIS_PASSWORD" "key" "redis-password") }}
- { name: NST_BACKEND, value: redis }
- { name: NST_REDIS_URL, value: {{ include "pastiche.redisUrl" . | quote }} }
- { name: NST_OBJECTS_URL, value: {{ .Values.pictures.s3.url | default "file:///data/objects" | quote }} }
{{- range $name, $value := .Values.settings }}
- { name: NST_{{ upper $name }}, value: {{ include "pastiche.setting" $value | quote }} }
{{- end }}
- { name: NST_DATA_DIR, value: /tmp/studio }
- { name: NST_WEIGHTS_DIR, value: /tmp/weights }
- { name: HOME, value: /tmp }
{{- if .Values.pictures.s3.url }}
- { name: AWS_DEFAULT_REGION, value: {{ .Values.pictures.s3.region | quote }} }
{{- with .Values.pictures.s3.endpoint }}
- { name: AWS_ENDPOINT_URL, value: {{ . | quote }} }
{{- end }}
{{- if .Values.pictures.s3.keys }}
{{ include "pastiche.fromSecret" (dict "root" . "name" "AWS_ACCESS_KEY_ID" "key" "aws-access-key-id") }}
{{ include "pastiche.fromSecret" (dict "root" . "name" "AWS_SECRET_ACCESS_KEY" "key" "aws-secret-access-key") }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Of the processes that serve visitors. */}}
{{- define "pastiche.frontEnvironment" -}}
{{ include "pastiche.environment" . }}
{{ include "pastiche.fromSecret" (dict "root" . "name" "NST_ADMIN_TOKEN" "key" "admin-token") }}
{{ include "pastiche.fromSecret" (dict "root" . "name" "NST_SECRET" "key" "secret") }}
{{- with .Values.app.trustedProxies }}
- { name: FORWARDED_ALLOW_IPS, value: {{ . | quote }} }
{{- end }}
{{- end }}

{{- define "pastiche.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .user }}
runAsGroup: {{ .user }}
fsGroup: {{ .user }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "pastiche.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "pastiche.mounts" -}}
- { name: scratch, mountPath: /tmp }
{{- if not .Values.pictures.s3.url }}
- { name: pictures, mountPath: /data/objects }
{{- end }}
{{- end }}

{{- define "pastiche.volumes" -}}
- { name: scratch, emptyDir: {} }
{{- if not .Values.pictures.s3.url }}
- { name: pictures, persistentVolumeClaim: { claimName: {{ .Values.pictures.volume.existingClaim | default (printf "%s-pictures" (include "pastiche.name" .)) }} } }
{{- end }}
{{- end }}

{{- /* The parts of a pod that are the same everywhere: (dict "root" $ "of" VALUES). */}}
{{- define "pastiche.pod" -}}
serviceAccountName: {{ include "pastiche.name" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "pastiche.podSecurity" (dict "user" 1000) | nindent 2 }}
volumes:
  {{- include "pastiche.volumes" .root | nindent 2 }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .of.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .of.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Pods of one part on different nodes, as far as there are some. */}}
{{- define "pastiche.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "pastiche.selector" . | nindent 8 }}
{{- end }}

{{- define "pastiche.disruptions" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "pastiche.name" .root }}-{{ .part }}
  labels:
    {{- include "pastiche.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "pastiche.selector" . | nindent 6 }}
{{- end }}
