/**
 * What a test file runs in: a control plane with Mooring's manifests, a Git server, and a
 * controller under its own RBAC. One for a file; each test has a tenant of its own.
 */
import { cp, mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { Supervisor } from "../../cluster/supervisor.ts";
import { type GitServer, type GitServerOptions, startGitServer } from "../../git/server.ts";
import { AuditLog } from "./audit.ts";
import { type ControllerOptions, Controllers, type RunningController } from "./controller.ts";
import { controllerUser, installMooring } from "./installation.ts";
import { KubeApi } from "./kube-api.ts";
import { Tenant } from "./tenant.ts";

export interface WorldOptions {
  /** Simulated nodes: Deployments become ready. Without them there are no controllers but ours. */
  nodes?: number;
  /** Of the apiserver; default one of the system, which another may get while it is down. */
  port?: number;
  git?: GitServerOptions;
  controller?: ControllerOptions;
}

export interface World {
  readonly plane: ControlPlane;
  readonly git: GitServer;
  readonly api: KubeApi;
  readonly audit: AuditLog;
  readonly controllers: Controllers;
  /** The one that is running; a test that restarts it says so here. */
  controller: RunningController;
  createTenant(name: string): Promise<Tenant>;
  stop(): Promise<void>;
}

/** Set it to a directory, and the logs of every controller stay there. */
const keepLogs = process.env.MOORING_TEST_LOGS;

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { nodes = 0 } = options;
  const supervisor = await Supervisor.begin({ temporaryPrefix: join(tmpdir(), "mooring-e2e-") });
  const [plane, git] = await Promise.all([
    startControlPlane({
      nodes,
      workloads: nodes > 0,
      ...(options.port === undefined ? {} : { port: options.port }),
    }),
    startGitServer(options.git),
  ]);
  const api = await KubeApi.connect(plane.adminKubeconfig);
  const stop = async () => {
    if (keepLogs !== undefined) {
      await mkdir(keepLogs, { recursive: true });
      const kept = await mkdtemp(join(keepLogs, "run-"));
      await cp(supervisor.directory, kept, { recursive: true });
      await cp(plane.auditLog, join(kept, "audit.log"));
    }
    await supervisor.stop();
    await api.close();
    await Promise.all([git.stop(), plane.stop()]);
  };
  try {
    await installMooring(plane);
    const controllers = new Controllers(supervisor, plane);
    return {
      plane,
      git,
      api,
      audit: new AuditLog(plane.auditLog, controllerUser),
      controllers,
      controller: await controllers.start(options.controller),
      createTenant: (name) => Tenant.create(name, api, git),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
