/** Where it is measured: a control plane, a Git server, the controller under its own RBAC. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ControlPlane, startControlPlane } from "../cluster/control-plane.ts";
import { Supervisor } from "../cluster/supervisor.ts";
import { AuditLog } from "../e2e/harness/audit.ts";
import { Controllers, type RunningController } from "../e2e/harness/controller.ts";
import { controllerUser, installMooring } from "../e2e/harness/installation.ts";
import { manifest } from "../e2e/harness/manifests.ts";
import type { TestRepository } from "../git/repository.ts";
import { startGitServer } from "../git/server.ts";
import { ApiClient } from "./api-client.ts";
import { readImage } from "./image.ts";
import { Sightings } from "./sightings.ts";
import {
  configMap,
  fileOf,
  namespacesOf,
  tenancy,
  type WorkloadApplication,
  workload,
} from "./workload.ts";

/** Writes of the benchmark itself and of the floor. */
export const requestsInFlight = 32;
/** More than anybody here sends: what is measured is not the apiserver's throttle. */
const maxInflight = 800;
const repositoryName = "bench";
/** What an installed Mooring runs; `npm run bench` compiles it first. */
const compiled = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export interface Setting {
  readonly plane: ControlPlane;
  readonly repository: TestRepository;
  readonly repositoryUrl: string;
  readonly applications: readonly WorkloadApplication[];
  /** The controller's requests. */
  readonly audit: AuditLog;
  /** As admin. */
  readonly client: ApiClient;
  readonly sightings: Sightings;
  startController(): Promise<RunningController>;
  /** Rejects when the controller ends before it is asked to. */
  readonly controllerLost: Promise<never>;
}

export interface SettingOptions {
  readonly applications: number;
  /** Directory that gets the controller's CPU profile when it ends. */
  readonly profile?: string;
  /** Further flags of `mooring controller`. */
  readonly flags?: readonly string[];
  /** Gets everything that has to be ended. */
  readonly stack: AsyncDisposableStack;
}

export async function openSetting({
  applications: count,
  profile,
  flags = [],
  stack,
}: SettingOptions): Promise<Setting> {
  const plane = stack.use(await startControlPlane({ workloads: false, maxInflight }));
  const git = stack.use(await startGitServer());
  const client = await ApiClient.connect(plane.adminKubeconfig, requestsInFlight);
  stack.defer(() => client.close());
  await installMooring(plane);
  const applications = workload(count);
  await plane.kubectl(
    ["apply", "--server-side", "-f", "-"],
    manifest(...namespacesOf(applications).flatMap((namespace) => tenancy(namespace))),
  );
  const repository = await git.createRepository(repositoryName);
  await repository.commit(
    Object.fromEntries(
      applications.flatMap((app) =>
        app.configMaps.map((name) => [fileOf(app, name), manifest(configMap(name, "first"))]),
      ),
    ),
  );
  const sightings = await Sightings.open(plane.adminKubeconfig);
  stack.defer(() => sightings.close());
  const supervisor = await Supervisor.begin({ temporaryPrefix: join(tmpdir(), "mooring-bench-") });
  stack.defer(() => supervisor.stop());
  const controllers = new Controllers(supervisor, plane);
  const lost = Promise.withResolvers<never>();
  // Whoever waits for something hears of it; nobody has to.
  lost.promise.catch(() => {});
  return {
    plane,
    repository,
    repositoryUrl: git.url(repositoryName),
    applications,
    audit: new AuditLog(plane.auditLog, controllerUser),
    client,
    sightings,
    controllerLost: lost.promise,
    async startController() {
      const { env, nodeFlags } = await readImage();
      const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
      const controller = await controllers.start({
        main: compiled,
        env,
        flags,
        nodeFlags: [...nodeFlags, ...profiling],
      });
      let stopping = false;
      stack.defer(async () => {
        stopping = true;
        await controller.end();
      });
      void controller.ended.then(async () => {
        const log = await controller.log();
        if (!stopping) lost.reject(new Error(`the controller ended: ${log.slice(-2000)}`));
      });
      return controller;
    },
  };
}
