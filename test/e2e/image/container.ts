/**
 * Runs a staged image as a container runtime does, with nothing but util-linux: a root of its own that
 * is read-only, mounts and processes of its own, uid 65532, no capability, no way to get one. What is
 * missing of a container: its network (it has the machine's), seccomp and limits of memory.
 */
import { spawnSync } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SupervisedChild, Supervisor } from "../../cluster/supervisor.ts";
import { waitFor } from "../harness/wait.ts";
import type { Pod } from "./pod.ts";

const script = fileURLToPath(new URL("container.sh", import.meta.url));
const user = "65532";

/** @throws Error with what is needed, where a root file system cannot be made read-only */
export function requireContainerTools(): void {
  const trial = ["--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--propagation=private"];
  const mount = ["mount", "-t", "tmpfs", "tmpfs", "/mnt"];
  const tried = spawnSync("unshare", [...trial, ...mount], { encoding: "utf8" });
  if (tried.status === 0 && spawnSync("setpriv", ["--version"]).status === 0) return;
  const why = tried.error?.message ?? tried.stderr.trim();
  throw new Error(
    `the image cannot be run here (${why}): this test needs root with CAP_SYS_ADMIN (docker run --privileged), and unshare, setpriv and chroot: apt-get update && apt-get install -y util-linux coreutils`,
  );
}

export interface ContainerSpec {
  readonly name: string;
  /** The staged tree; mount points are made in it. */
  readonly root: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: Pod["mounts"];
}

export interface Container {
  readonly child: SupervisedChild;
  /** Of the process that is number 1 inside, as seen from here. */
  pid(): Promise<number>;
  log(): Promise<string>;
}

export async function startContainer(
  supervisor: Supervisor,
  { name, root, command, env, mounts }: ContainerSpec,
): Promise<Container> {
  for (const path of ["/proc", "/dev", ...mounts.map((mount) => mount.path)])
    await mkdir(join(root, path), { recursive: true });
  const mounted = mounts.flatMap((mount) => [mount.type, mount.path, mount.source]);
  const words = Object.entries(env).map(([variable, value]) => `${variable}=${value}`);
  const log = join(supervisor.directory, `${name}.log`);
  const child = supervisor.start({
    name,
    tier: 1,
    command: "unshare",
    args: [
      ...["--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--propagation=private"],
      ...["sh", script, root, ...mounted, "--"],
      ...["env", "--ignore-environment", ...words],
      ...["/usr/sbin/chroot", `--userspec=${user}:${user}`, `--groups=${user}`, root, ...command],
    ],
    log,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  return {
    child,
    log: () => readFile(log, "utf8").catch(() => ""),
    pid: () =>
      waitFor(
        `${name} to have a process`,
        async () => {
          const children = await readFile(
            `/proc/${child.pid}/task/${child.pid}/children`,
            "utf8",
          ).catch(() => "");
          return Number(children.trim().split(" ")[0]);
        },
        (pid) => pid > 0,
      ),
  };
}

/** Runs a command in the image to its end. @returns its exit code and what it said */
export async function runInContainer(
  supervisor: Supervisor,
  spec: ContainerSpec,
): Promise<{ code: number | null; said: string }> {
  const { child, log } = await startContainer(supervisor, spec);
  const { code } = await child.ended;
  return { code, said: await log() };
}
