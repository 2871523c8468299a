export type Component = "etcd" | "kubernetes" | "kwok";
export type OfficialRenderer = "kustomize" | "helm";
export type MonitoringTool = "promtool";
export type Program =
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubectl"
  | "kwok";
export type Environment = Readonly<Record<string, string | undefined>>;

export const programs: Readonly<Record<Component, readonly Program[]>>;
export const officialRenderers: Readonly<Record<OfficialRenderer, readonly OfficialRenderer[]>>;
export const monitoringTools: Readonly<Record<"prometheus", readonly MonitoringTool[]>>;
export function moduleDirectory(
  component: Component | OfficialRenderer | "prometheus",
  env?: Environment,
): string;
export function kubernetesMinors(): string[];
export function pinnedVersion(
  component: Component | OfficialRenderer | "prometheus",
  env?: Environment,
): string;
export function platform(): string;
export function cacheDirectory(env?: Environment): string;
export function componentDirectory(
  component: Component | OfficialRenderer | "prometheus",
  env?: Environment,
): string;
export function findBinaries(env?: Environment): Partial<Record<Program, string>>;
export function findBinaries<P extends string>(
  env: Environment,
  wanted: Readonly<Record<string, readonly P[]>>,
): Partial<Record<P, string>>;
export function controlPlaneBinaries(env?: Environment): Record<Program, string>;
export function officialRendererBinaries(env?: Environment): Record<OfficialRenderer, string>;
export function monitoringToolBinaries(env?: Environment): Record<MonitoringTool, string>;
