/** What the kubelet makes of a Pod's first container: its environment, its mounts, its token. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import type { ControlPlane } from "../../cluster/control-plane.ts";

export interface Mount {
  /** An emptyDir, or the files of a projected volume. */
  readonly type: "tmpfs" | "secret";
  readonly path: string;
  /** Options of mount, or the directory that has the files. */
  readonly source: string;
}

export interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
}

interface PodObject {
  metadata: { name: string; namespace: string; uid: string };
  spec: {
    serviceAccountName: string;
    securityContext: { fsGroup: number };
    containers: [
      {
        args: string[];
        env: { name: string; value?: string; valueFrom?: { fieldRef: { fieldPath: string } } }[];
        volumeMounts: { name: string; mountPath: string }[];
      },
    ];
    volumes: { name: string; emptyDir?: { sizeLimit?: string }; projected?: object }[];
  };
}

const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const GiB = 2 ** 30;

/** @param directory that gets the token's files */
export async function readPod(
  plane: ControlPlane,
  object: unknown,
  directory: string,
): Promise<Pod> {
  const { metadata, spec } = object as PodObject;
  const [container] = spec.containers;
  const { fsGroup } = spec.securityContext;
  const mounts: Mount[] = [];
  for (const { name, mountPath } of container.volumeMounts) {
    const volume = spec.volumes.find((one) => one.name === name);
    if (volume?.emptyDir !== undefined)
      mounts.push({
        type: "tmpfs",
        path: mountPath,
        source: `size=${bytesOf(volume.emptyDir.sizeLimit)},mode=2777,gid=${fsGroup}`,
      });
    // The admission plugin of ServiceAccounts adds it.
    else if (mountPath === tokenPath)
      mounts.push({
        type: "secret",
        path: mountPath,
        source: await token(plane, object, directory),
      });
    else throw new Error(`nobody knows how to mount ${name} at ${mountPath}`);
  }
  const { hostname, port } = new URL(plane.server);
  const variables = container.env.map(({ name, value, valueFrom }) => {
    const path = valueFrom?.fieldRef.fieldPath.split(".") ?? [];
    const field = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], object);
    return [name, value ?? String(field)];
  });
  return {
    name: metadata.name,
    uid: metadata.uid,
    args: container.args,
    env: {
      HOSTNAME: metadata.name,
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      ...Object.fromEntries(variables),
    },
    mounts,
  };
}

/** A token that is bound to the Pod, as the kubelet asks for it, and what it is checked with. */
async function token(plane: ControlPlane, object: unknown, directory: string): Promise<string> {
  const { metadata, spec } = object as PodObject;
  const asked = await plane.kubectl([
    ...["create", "token", spec.serviceAccountName, `--namespace=${metadata.namespace}`],
    ...["--bound-object-kind=Pod", `--bound-object-name=${metadata.name}`, "--duration=1h"],
  ]);
  const config = parse(await readFile(plane.adminKubeconfig, "utf8")) as {
    clusters: [{ cluster: { "certificate-authority-data": string } }];
  };
  const authority = config.clusters[0].cluster["certificate-authority-data"];
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "token"), asked.trim());
  await writeFile(join(directory, "ca.crt"), Buffer.from(authority, "base64"));
  await writeFile(join(directory, "namespace"), metadata.namespace);
  return directory;
}

function bytesOf(quantity = "1Gi"): number {
  const [, amount] = /^(\d+)Gi$/.exec(quantity) ?? [];
  if (amount === undefined) throw new Error(`${quantity} is no quantity of Gi`);
  return Number(amount) * GiB;
}
