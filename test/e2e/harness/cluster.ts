/**
 * A cluster without Mooring, for tests that install it as the documentation says. The controller
 * runs when its Deployment wants it to: `deployed.follow()`.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from "../../cluster/control-plane.ts";
import { untilServed } from "../../cluster/served.ts";
import { Supervisor } from "../../cluster/supervisor.ts";
import { AuditLog } from "./audit.ts";
import { type ControllerOptions, Controllers } from "./controller.ts";
import { DeployedController } from "./deployed-controller.ts";
import { runAsReader } from "./documented-commands.ts";
import { controllerUser } from "./installation.ts";
import { KubeApi } from "./kube-api.ts";

export interface Cluster {
  readonly plane: ControlPlane;
  readonly api: KubeApi;
  readonly audit: AuditLog;
  readonly controllers: Controllers;
  readonly deployed: DeployedController;
  /** Runs scripts of the documentation, after each of which the controller is as its Deployment wants it. */
  read(scripts: readonly string[], variables?: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

export async function startCluster(
  options: ControlPlaneOptions & { controller?: ControllerOptions } = {},
): Promise<Cluster> {
  const { controller, ...shape } = options;
  const supervisor = await Supervisor.begin({ temporaryPrefix: join(tmpdir(), "mooring-e2e-") });
  const plane = await startControlPlane(shape);
  const api = await KubeApi.connect(plane.adminKubeconfig);
  const controllers = new Controllers(supervisor, plane);
  const deployed = new DeployedController(plane, controllers, controller);
  return {
    plane,
    api,
    audit: new AuditLog(plane.auditLog, controllerUser),
    controllers,
    deployed,
    async read(scripts, variables) {
      for (const script of scripts) {
        await runAsReader(plane, script, variables);
        await deployed.follow();
      }
    },
    async stop() {
      await supervisor.stop();
      await api.close();
      await plane.stop();
    },
  };
}

/** As docs/how-to/install.md says; and the CRD is served. */
export async function install(cluster: Cluster): Promise<void> {
  await runAsReader(cluster.plane, "kubectl apply --server-side -f deploy/install.yaml");
  await untilServed(cluster.plane, "applications.mooring.dev");
  await cluster.deployed.follow();
}
