/** What every run shares: the other rooms, wired together in controller.ts. */
import type { Logger } from "pino";
import type { Discovery } from "../cluster/discovery.ts";
import type { LiveStore } from "../cluster/live-store.ts";
import type { Objects } from "../cluster/objects.ts";
import type { Transport } from "../cluster/transport.ts";
import type { Application } from "../model/application.ts";
import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import type { FieldPath } from "../plan/fields.ts";
import type { ApplicationOf } from "../plan/ownership.ts";
import type { PruneGuard } from "../plan/prune.ts";
import type { Target } from "../plan/targets.ts";
import type { Renderer } from "../render/render.ts";
import type { Repositories } from "../source/repositories.ts";
import type { Metrics } from "../status/metrics.ts";
import type { EventRecorder } from "../status/recorder.ts";
import type { ApplicationState } from "./state.ts";

export interface ReconcileConfig {
  /** The controller's own namespace. */
  namespace: string;
  /** Namespaces that are looked at; empty: all. */
  watchNamespaces: readonly string[];
  defaultServiceAccount: string | undefined;
  disallowedManagers: readonly string[];
  maxInFlight: number;
  pruneGuard: PruneGuard;
}

export interface Environment {
  config: ReconcileConfig;
  /** Fenced by the Lease of the application's shard. */
  transport(state: ApplicationState): Transport;
  /** As the controller itself: the Application, what its objects' writes depend on; never a target object. */
  own(state: ApplicationState): Objects;
  /** As the controller itself: statuses. Fewer at once, so that they hold up no write of objects. */
  reporting(state: ApplicationState): Objects;
  discovery: Discovery;
  live: LiveStore;
  repositories: Repositories;
  renderer: Renderer;
  /** Where the random numbers of an application's charts come from: its own, always the same, secret. */
  renderSeed(application: Application): Uint8Array;
  /** Evaluates a jq path expression within bounds. @throws Problem InvalidSpec */
  jqPaths(expression: string, object: KubeObject): Promise<readonly FieldPath[]>;
  metrics: Metrics;
  events: EventRecorder;
  log: Logger;
  /** Monotonic, milliseconds. */
  monotonic(): number;
  now(): Date;

  /** The repository of an application said something new. */
  sourceChanged(state: ApplicationState): void;
  /** Follows objects of an application that owns none of them (observe, warn). */
  observe(state: ApplicationState, targets: readonly Target[]): void;
  /** The latest health of an object that is followed so. */
  followedHealth(key: string): Health | undefined;
  /** Asks for another run. */
  again(state: ApplicationState): void;
  /** Other applications that this replica enforces. */
  peers(state: ApplicationState): Iterable<ApplicationState>;
  /** One object of an application has to be looked at. */
  objectChanged(state: ApplicationState, key: string): void;
  /** Looks at everything again later. */
  laterWhole(state: ApplicationState, delayMs: number): void;
  /** Looks at one object again later. */
  laterDirty(state: ApplicationState, key: string, delayMs: number): void;
  applicationOf: ApplicationOf;
  /** Takes over an answer about the Application itself. */
  learnApplication(state: ApplicationState, object: KubeObject): void;
}
