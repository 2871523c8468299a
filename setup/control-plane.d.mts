export type Component = "etcd" | "kubernetes" | "kwok";
export type OfficialRenderer = "kustomize" | "helm";
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
export function pinnedVersion(component: Component | OfficialRenderer): string;
export function platform(): string;
export function cacheDirectory(env?: Environment): string;
export function componentDirectory(
  component: Component | OfficialRenderer,
  env?: Environment,
): string;
export function findBinaries(env?: Environment): Partial<Record<Program, string>>;
export function findBinaries<P extends string>(
  env: Environment,
  wanted: Readonly<Record<string, readonly P[]>>,
): Partial<Record<P, string>>;
export function controlPlaneBinaries(env?: Environment): Record<Program, string>;
export function officialRendererBinaries(env?: Environment): Record<OfficialRenderer, string>;
