/** The flags by which every verb finds its cluster, as kubectl has them. */
import { type Command, Option } from "commander";

export interface ClusterFlags {
  namespace?: string;
  kubeconfig?: string;
  context?: string;
}

export interface ListFlags extends ClusterFlags {
  allNamespaces?: true;
}

/**
 * `-n`, `--kubeconfig`, `--context`.
 * @param namespace what -n stands for
 */
export function clusterFlags(
  command: Command,
  namespace = "namespace of the Application (default: the context's, else default)",
): Command {
  return command
    .addOption(new Option("-n, --namespace <name>", namespace))
    .addOption(
      new Option("--kubeconfig <path>", "kubeconfig (default: $KUBECONFIG, else ~/.kube/config)"),
    )
    .addOption(new Option("--context <name>", "context of the kubeconfig (default: its current)"));
}

/** The same, and `-A`. */
export function listFlags(command: Command): Command {
  return clusterFlags(command).addOption(
    new Option("-A, --all-namespaces", "of all namespaces").conflicts("namespace"),
  );
}
