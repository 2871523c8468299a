/** What the tour takes place in: a control plane, a Git server, the controller. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { controlPlaneBinaries } from "../setup/control-plane.mjs";
import { applicationResource } from "../src/model/application.ts";
import { type ControlPlane, startControlPlane } from "../test/cluster/control-plane.ts";
import { untilServed } from "../test/cluster/served.ts";
import { Supervisor } from "../test/cluster/supervisor.ts";
import { type GitServer, startGitServer } from "../test/git/server.ts";
import { type ApplicationFile, applicationFile } from "./application.ts";
import { Clone, describe } from "./clone.ts";
import { type ControllerProcess, startController } from "./controller.ts";
import { narrated } from "./controller-log.ts";
import { LogFile } from "./log-file.ts";
import { type Files, type Manifest, manifestsOf, readFiles } from "./manifests.ts";
import type { Narrator } from "./narrator.ts";
import { Observation } from "./observation.ts";
import type { Steps } from "./steps.ts";

export interface Playground {
  readonly plane: ControlPlane;
  readonly git: GitServer;
  readonly gitUrl: string;
  readonly clone: Clone;
  readonly application: ApplicationFile;
  readonly manifests: readonly Manifest[];
  readonly observation: Observation;
  readonly controller: ControllerProcess;
  readonly narrator: Narrator;
  /** Milliseconds since any fixed point. */
  readonly monotonic: () => number;
}

export interface PlaygroundOptions {
  readonly steps: Steps;
  readonly narrator: Narrator;
  /** Gets everything that has to be ended. */
  readonly stack: AsyncDisposableStack;
  /** Directory that becomes the Git repository. */
  readonly repository: string;
  /** Directory of the manifests in it. */
  readonly path: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly monotonic: () => number;
  /** Path of the controller's log, once there is one. */
  readonly onLog: (log: LogFile) => void;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const controllerAccount = { serviceAccount: "mooring", namespace: "mooring-system" };
const deadlineMs = 60_000;
const planeDeadlineMs = 130_000;

/** What `kubectl apply` gets: deploy/overlays/cluster-wide but for the pods, for the controller runs right here. */
const installed = [
  "crds/mooring.dev_applications.yaml",
  "deploy/base/namespace.yaml",
  "deploy/base/rbac.yaml",
  "deploy/components/cluster-wide/rbac.yaml",
];

/** @throws StepFailed */
export async function openPlayground(options: PlaygroundOptions): Promise<Playground> {
  const { steps, narrator, stack, env, monotonic } = options;

  const { plane } = await steps.run("Control plane", planeDeadlineMs, async () => {
    const started = await startControlPlane({ nodes: 2 });
    stack.use(started);
    for (const line of await versions()) narrator.say("cluster", line);
    narrator.say("cluster", `2 simulated nodes, ${started.server}`);
    return { text: "ready", plane: started };
  });

  // Its directory holds all that the tour writes, and goes when this process has ended.
  const supervisor = await Supervisor.begin({ temporaryPrefix: join(tmpdir(), "mooring-tour-") });
  stack.defer(() => supervisor.stop());
  const repository = await steps.run("Git server", deadlineMs, async () => {
    const files = await readFiles(options.repository);
    const git = await startGitServer({ root: join(supervisor.directory, "git") });
    stack.use(git);
    const bare = await git.createRepository("shop");
    await bare.commit(files, { message: "Open the shop" });
    const gitUrl = git.url("shop");
    const clone = await Clone.of(gitUrl, join(supervisor.directory, "shop"));
    const application = applicationFile(
      await readFile(join(root, "examples/application.yaml"), "utf8"),
      {
        url: gitUrl,
        path:
          options.path ?? (options.repository === exampleRepository ? undefined : rootOr(files)),
      },
    );
    const manifests = manifestsOf(files, application.path);
    narrator.say("git", `${gitUrl}  main at ${describe(await clone.head())}`);
    return { text: "serving", git, gitUrl, clone, application, manifests };
  });
  const { git, gitUrl, clone, application, manifests } = repository;

  const { observation } = await steps.run("Install", deadlineMs, async () => {
    const paths = installed.map((path) => `--filename=${join(root, path)}`);
    narrator.say("you", `kubectl apply ${installed.map((path) => `-f ${path}`).join(" ")}`);
    const said = await plane.kubectl(["apply", ...paths]);
    for (const line of said.trim().split("\n")) narrator.say("cluster", line);
    await untilServed(plane, "applications.mooring.dev");
    const observation = await Observation.open(plane.adminKubeconfig, monotonic);
    stack.defer(() => observation.close());
    await observation.watch(applicationResource);
    return { text: "CRD and RBAC installed", observation };
  });

  const { controller } = await steps.run("Controller", deadlineMs, async () => {
    const log = await LogFile.create(join(supervisor.directory, "controller.log"));
    stack.defer(() => log.close());
    options.onLog(log);
    log.listen((line) => {
      const text = narrated(line);
      const ago = Date.now() - Date.parse(line.time);
      if (text !== undefined) narrator.say("mooring", text, monotonic() - ago);
    });
    const kubeconfig = await plane.kubeconfigFor(controllerAccount);
    const { namespace, serviceAccount } = controllerAccount;
    narrator.say("you", "mooring controller --kubeconfig ...");
    narrator.say(
      "cluster",
      `its rights: system:serviceaccount:${namespace}:${serviceAccount}, as in deploy/`,
    );
    const started = await startController({ supervisor, kubeconfig, env, deadlineMs, log });
    return { text: "listening, Lease acquired", controller: started };
  });

  const place = { plane, git, gitUrl, clone, application, manifests };
  return { ...place, observation, controller, narrator, monotonic };
}

export const exampleRepository = join(root, "examples/shop");

/** Where people keep their manifests: as in the example, else at the root. */
function rootOr(files: Files): string {
  const usual = "deploy/prod";
  return Object.keys(files).some((path) => path.startsWith(`${usual}/`)) ? usual : "";
}

/** What each program says of its own version. */
async function versions(): Promise<string[]> {
  const binaries = controlPlaneBinaries();
  const ask = async (name: keyof typeof binaries) => {
    const { stdout } = await promisify(execFile)(binaries[name], ["--version"]);
    return /v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] ?? "unknown";
  };
  const [kubernetes, etcd, kwok] = await Promise.all([
    ask("kube-apiserver"),
    ask("etcd"),
    ask("kwok"),
  ]);
  return [
    `Kubernetes ${kubernetes}: kube-apiserver, kube-controller-manager, kube-scheduler`,
    `etcd ${etcd}, kwok ${kwok}`,
  ];
}
