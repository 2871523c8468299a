/** Configuration, wiring, leadership, drain: everything else is a room of its own. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createApiServer } from "./api/server.ts";
import type { ControllerConfig } from "./cli/controller/config.ts";
import { type Connection, connect } from "./cluster/connection.ts";
import { Discovery } from "./cluster/discovery.ts";
import { applicationSeed, installationSeed } from "./cluster/installation.ts";
import { LeaseLock } from "./cluster/lease.ts";
import { LiveStore } from "./cluster/live-store.ts";
import { Objects } from "./cluster/objects.ts";
import { Observer } from "./cluster/observer.ts";
import { createTransport, type Observed, type Transport } from "./cluster/transport.ts";
import type { Application } from "./model/application.ts";
import { catalogue, Problem, type ProblemCode } from "./model/problem.ts";
import { Applications } from "./reconcile/applications.ts";
import { Controller } from "./reconcile/controller.ts";
import type { Environment } from "./reconcile/environment.ts";
import { freshness } from "./reconcile/freshness.ts";
import { Kinds } from "./reconcile/kinds.ts";
import { memoryRelease, Rest } from "./reconcile/rest.ts";
import { Shards } from "./reconcile/shards.ts";
import { Sweep } from "./reconcile/sweep.ts";
import { Jq } from "./render/jq.ts";
import { createModuleVersion } from "./render/module-version.ts";
import { createRenderer, type Renderer } from "./render/render.ts";
import { requireModules } from "./render/sandbox/installed.ts";
import { pageBytes } from "./render/sandbox/limits.ts";
import { createSandbox, type ThreadedSandbox } from "./render/sandbox/sandbox.ts";
import { createGitRemote } from "./source/git/choose.ts";
import { Repositories } from "./source/repositories.ts";
import { createLogger, type Logger } from "./status/logging.ts";
import { Metrics, type Watched } from "./status/metrics.ts";
import { EventRecorder } from "./status/recorder.ts";

/** What is under way gets this long to end; the whole of an exit stays below 10 s. */
const drainMs = 6_000;
/** Events of what was done until then get as long. */
const lastEventsMs = 1_000;
/** Of the requests in flight: for statuses, besides the others. */
const reportingShare = 1 / 4;
const jqDeadlineMs = 2_000;
/** Nothing to do for so long: memory is given back. */
const restMs = 5_000;
/** Of renders that are kept on disk. */
const diskCacheBytes = 2 ** 30;

/** Runs until a signal; resolves when everything is drained and the Leases are released. */
export async function runController(config: ControllerConfig): Promise<void> {
  await requireModules(config.renderersDirectory);
  const log = createLogger(config.logLevel);
  const stopping = new AbortController();
  const monotonic = () => performance.now();
  const now = () => new Date();
  const metrics = new Metrics({ version: config.version, argocd: config.argocdMetrics, now });

  const connection = await connect({ ...clusterOf(config), env: process.env, monotonic });
  const observe = ({ verb, code, seconds }: Observed) =>
    metrics.observeRequest({
      verb,
      seconds,
      ...(typeof code === "number" && code > 0 ? { code } : {}),
    });
  // Watches, discovery and reads of our own: never fenced, for a standby keeps its view warm.
  const reading = createTransport(connection, { maxInFlight: 8, hooks: { observe } });
  const shards = leadership(config, connection, log, {
    acquired: (shard) => controller.shardAcquired(shard),
    draining: () => draining,
    observe,
  });
  const fencedTransports = (maxInFlight: number): Transport[] =>
    Array.from({ length: config.shards }, (_, shard) =>
      createTransport(connection, {
        maxInFlight,
        hooks: { observe, mayWrite: () => mayWrite(shard) },
      }),
    );
  const writing = fencedTransports(config.maxInFlight);
  // What is told of applications never queues before what is done for others.
  const reporting = fencedTransports(Math.ceil(config.maxInFlight * reportingShare));
  let draining = false;
  const mayWrite = (shard: number) => {
    if (draining) throw new Problem("Fenced", "this replica is stopping");
    shards.fence(shard);
  };
  const transportOf = (key: string): Transport => writing[shards.shardOf(key)] as Transport;
  const reportingOf = (key: string): Transport => reporting[shards.shardOf(key)] as Transport;

  const remote = await createGitRemote({
    dataDirectory: config.dataDir,
    path: config.path,
    limits: config.sourceLimits,
    observe: ({ operation, result, seconds }) =>
      metrics.observeGit({ operation, seconds, ...(isCode(result) ? { code: result } : {}) }),
  });
  const repositories = new Repositories({ remote });
  const { renderer, sandbox } = rendering(
    config,
    metrics,
    log,
    (key) => applications.get(key)?.application,
  );
  const jq = new Jq({ deadlineMs: jqDeadlineMs });
  const discovery = new Discovery(reading);
  await discovery.refresh(stopping.signal);
  const seed = await installationSeed(new Objects(reading), config.namespace, randomBytes, (what) =>
    log.info(what),
  );

  const controller: Controller = new Controller({
    applications: () => applications,
    environment: () => environment,
    shards: () => shards,
    concurrency: config.concurrency,
  });
  const logTo = (message: string, fields: Record<string, unknown>) => log.warn(fields, message);
  const live = new LiveStore({
    transport: reading,
    namespaces: config.watchNamespaces,
    disallowedManagers: config.disallowedManagers,
    onChange: (change) => controller.liveChanged(change),
    onKnowledge: (gk) => controller.knowledgeChanged(gk),
    log: logTo,
    monotonic,
  });
  const observer = new Observer({
    transport: reading,
    onChange: (key, object) => controller.followedChanged(key, object),
    onHealth: (key, object, health) => controller.followedHealth(key, object, health),
    log: logTo,
  });
  const applications = new Applications({
    transport: reading,
    namespaces: config.watchNamespaces,
    signal: stopping.signal,
    onChange: (state) => controller.applicationChanged(state),
    onGone: (state) => controller.applicationGone(state),
    log: logTo,
  });
  let telling = true;
  const tellingTransport = createTransport(connection, {
    maxInFlight: 2,
    hooks: {
      observe,
      mayWrite: () => {
        if (!telling) throw new Problem("Fenced", "this replica has stopped");
      },
    },
  });
  const events = new EventRecorder({
    sink: new Objects(tellingTransport),
    instance: config.identity,
    now,
    onWritten: () => metrics.eventRecorded("written"),
    onFailure: (event, error) => {
      metrics.eventRecorded("lost");
      log.warn({ err: error, reason: event.reason }, "an Event could not be written");
    },
  });
  const environment: Environment = {
    config,
    transport: (state) => transportOf(state.key),
    own: (state) => new Objects(transportOf(state.key)),
    reporting: (state) => new Objects(reportingOf(state.key)),
    discovery,
    live,
    repositories,
    renderer,
    renderSeed: (application) => applicationSeed(seed, application),
    jqPaths: (expression, object) => jq.paths(expression, object),
    metrics,
    events,
    log,
    monotonic,
    now,
    sourceChanged: (state) => controller.sourceChanged(state),
    observe: (state, targets) => observer.follow(state.key, targets),
    followedHealth: (key) => observer.health(key),
    again: (state) => controller.again(state),
    peers: (state) => controller.peers(state),
    objectChanged: (state, key) => controller.objectChanged(state, key),
    laterWhole: (state, delay) => controller.laterWhole(state, delay),
    laterDirty: (state, key, delay) => controller.laterDirty(state, key, delay),
    applicationOf: (fieldManager) => applications.ofManager(fieldManager)?.key,
    learnApplication: (state, object) => applications.learn(state, object),
  };
  const rest = new Rest({ intervalMs: restMs, cpuSeconds, release: memoryRelease() });
  const sweep = new Sweep({
    intervalMs: config.sweepIntervalMs,
    applications: () => applications,
    suspect: (state, key) => controller.suspect(state, key),
  });
  metrics.probe({
    queueDepth: () => controller.queue.depth,
    watchAges: () => live.watchAges(),
    shards: () => shards.all,
    shardOf: (key) => shards.shardOf(key),
    watched: () =>
      watchedBy(freshness(applications, controller.queue, shards, monotonic()), monotonic, now),
    renderThreads: () => sandbox.load,
    renderQueueDepth: () => sandbox.load.waiting,
    renderCacheBytes: () => renderer.cacheBytes,
  });

  const kinds = new Kinds({
    transport: reading,
    discovery,
    intervalMs: config.discoveryIntervalMs,
    follow: config.watchNamespaces.length === 0,
    signal: stopping.signal,
    onDiscovered: () => controller.kindsChanged(),
    onSchema: (gk) => controller.schemaChanged(gk),
    log: logTo,
  });
  const server = await createApiServer({
    host: config.host,
    port: config.port,
    registry: metrics.registry,
    ready: {
      discovery: () => discovery.fetchedAt !== undefined,
      applications: () => applications.isSynced,
    },
  });
  log.info(
    { port: server.port, holder: config.identity, kubernetes: discovery.kubernetesVersion },
    "mooring controller listens",
  );
  applications.run();
  kinds.start();
  shards.run(stopping.signal);
  sweep.start();
  rest.start();

  await signalled();
  draining = true;
  log.info("draining: no new writes, what is under way ends");
  kinds.stop();
  sweep.stop();
  rest.stop();
  await controller.drain(drainMs);
  await Promise.race([events.settled(), delay(lastEventsMs, undefined, { ref: false })]);
  telling = false;
  await shards.release();
  stopping.abort();
  live.close();
  observer.close();
  await Promise.allSettled([repositories.close(), renderer.close(), jq.close(), server.close()]);
  await remote.close();
  await connection.close();
  log.info("stopped");
}

/** The clock of the wall for what the reconciler dates by one that is never set. */
function* watchedBy(
  applications: ReturnType<typeof freshness>,
  monotonic: () => number,
  now: () => Date,
): Iterable<Watched> {
  const epochMs = now().getTime() - monotonic();
  for (const { state, at } of applications) {
    const { namespace, name, intervalMs, spec } = state.application;
    const { secret } = state;
    const isNamed = secret !== undefined && spec.source.git.secretRef?.name === secret.name;
    yield {
      namespace,
      name,
      intervalSeconds: intervalMs / 1000,
      reconciledAt: (epochMs + at) / 1000,
      ...(isNamed && secret.writtenAt !== undefined
        ? { secret: { name: secret.name, writtenAt: secret.writtenAt / 1000 } }
        : {}),
    };
  }
}

function clusterOf(config: ControllerConfig): Parameters<typeof connect>[0] {
  return {
    ...(config.kubeconfig === undefined ? { inCluster: true } : { kubeconfig: config.kubeconfig }),
    ...(config.context === undefined ? {} : { context: config.context }),
  };
}

/** Manifests in threads that parse, kustomize and Helm in threads that can reach nothing. */
function rendering(
  config: ControllerConfig,
  metrics: Metrics,
  log: Logger,
  applicationOf: (key: string) => Application | undefined,
): { renderer: Renderer; sandbox: ThreadedSandbox } {
  const directory = config.renderersDirectory;
  const deadlineMs = config.renderTimeoutMs;
  const sandbox = createSandbox({
    directory,
    workers: config.renderWorkers,
    idleMs: config.renderIdleMs,
    limits: {
      deadlineMs,
      memoryPages: Math.floor(config.renderMemoryBytes / pageBytes),
      outputBytes: config.renderOutputBytes,
      objects: config.renderLimits.objects,
    },
    observe: ({ renderer, waited }) => metrics.renderWaited(renderer, waited),
  });
  const renderer = createRenderer({
    workers: config.renderWorkers,
    cacheBytes: config.renderCacheBytes,
    deadlineMs,
    limits: config.renderLimits,
    sandbox: { runs: sandbox, versionOf: createModuleVersion(directory) },
    disk:
      config.renderCacheDirectory === undefined
        ? undefined
        : {
            directory: config.renderCacheDirectory,
            bytes: diskCacheBytes,
            onFault: (what, err) => log.warn({ err }, what),
          },
    observe: ({ key, tool = "unknown", work, result, seconds }) => {
      const application = applicationOf(key);
      if (application !== undefined)
        metrics.observeRender(application, { tool, work, result, seconds });
    },
  });
  return { renderer, sandbox };
}

function leadership(
  config: ControllerConfig,
  connection: Connection,
  log: Logger,
  on: {
    acquired(shard: number): void;
    draining(): boolean;
    observe(observed: Observed): void;
  },
): Shards {
  // A transport of its own: a renewal must not queue behind applies.
  const transport = createTransport(connection, {
    maxInFlight: 2,
    hooks: { observe: on.observe },
  });
  return new Shards({
    count: config.shards,
    onAcquired: (shard) => {
      log.info({ shard }, "Lease acquired");
      on.acquired(shard);
    },
    onLost: (shard) =>
      on.draining()
        ? log.info({ shard }, "Lease released")
        : log.warn({ shard }, "Lease lost: writing stopped"),
    lease: (shard, { acquired, lost }) =>
      new LeaseLock({
        objects: new Objects(transport),
        namespace: config.namespace,
        name: `mooring-shard-${shard}`,
        holder: config.identity,
        durationMs: config.leaseDurationMs,
        renewMs: config.leaseRenewMs,
        monotonic: () => performance.now(),
        now: () => new Date(),
        onAcquired: acquired,
        onLost: lost,
        logger: log,
      }),
  });
}

/** Of all threads, since the process began. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function isCode(result: string): result is ProblemCode {
  return result in catalogue;
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
      process.once(signal, () => resolve());
  });
}
