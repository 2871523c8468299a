export type Component = "etcd" | "kubernetes" | "kwok";
export type Program =
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubectl"
  | "kwok";
export type Environment = Readonly<Record<string, string | undefined>>;

export const programs: Readonly<Record<Component, readonly Program[]>>;
export function pinnedVersion(component: Component): string;
export function platform(): string;
export function cacheDirectory(env?: Environment): string;
export function componentDirectory(component: Component, env?: Environment): string;
export function findControlPlaneBinaries(env?: Environment): Partial<Record<Program, string>>;
export function controlPlaneBinaries(env?: Environment): Record<Program, string>;
