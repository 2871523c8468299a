/** The Applications of the cluster: watched, parsed, kept as states. */
import { isOlder } from "../cluster/live-store.ts";
import type { Transport } from "../cluster/transport.ts";
import { watchKind } from "../cluster/watch.ts";
import { parseApplication } from "../dialect/mooring/application.ts";
import { annotations, applicationResource } from "../model/application.ts";
import type { KubeObject } from "../model/object.ts";
import { ApplicationState } from "./state.ts";

export interface ApplicationsOptions {
  transport: Transport;
  namespaces: readonly string[];
  signal: AbortSignal;
  /** A new one, or its spec, annotations or deletion changed. Not called for our own status writes. */
  onChange(state: ApplicationState): void;
  onGone(state: ApplicationState): void;
  log(message: string, fields: Record<string, unknown>): void;
}

export class Applications {
  readonly #options: ApplicationsOptions;
  readonly #states = new Map<string, ApplicationState>();
  readonly #bySet = new Map<string, ApplicationState>();
  readonly #synced = new Set<string>();

  constructor(options: ApplicationsOptions) {
    this.#options = options;
  }

  run(): void {
    const scopes = this.#options.namespaces.length > 0 ? this.#options.namespaces : [""];
    for (const scope of scopes)
      void watchKind({
        transport: this.#options.transport,
        resource: applicationResource,
        ...(scope === "" ? {} : { namespace: scope }),
        metadataOnly: false,
        signal: this.#options.signal,
        handler: {
          replaced: (objects) => {
            const listed = new Set(objects.map(keyOf));
            for (const object of objects) this.take(object);
            for (const state of [...this.#states.values()])
              if ((scope === "" || state.application.namespace === scope) && !listed.has(state.key))
                this.#gone(state.key);
            this.#synced.add(scope);
          },
          changed: (object) => this.take(object),
          deleted: (object) => this.#gone(keyOf(object)),
          unknown: (why) => this.#options.log("watch of Applications lost", { why }),
          resumed: () => {},
        },
      });
  }

  /** Every namespace was listed at least once. */
  get isSynced(): boolean {
    return this.#synced.size === Math.max(1, this.#options.namespaces.length);
  }

  get(key: string): ApplicationState | undefined {
    return this.#states.get(key);
  }

  /** The application whose ApplySet has this id. */
  ofSet(id: string | undefined): ApplicationState | undefined {
    return id === undefined ? undefined : this.#bySet.get(id);
  }

  /** The application that writes by this name. */
  ofManager(fieldManager: string): ApplicationState | undefined {
    return [...this].find(({ ownership }) => ownership.fieldManager === fieldManager);
  }

  [Symbol.iterator](): Iterator<ApplicationState> {
    return this.#states.values();
  }

  /**
   * Takes the answer to a write of ours. The watch may have told of the Application's end before
   * the answer came: what is gone does not come back by it.
   */
  learn(state: ApplicationState, object: KubeObject): void {
    if (!state.stopped) this.take(object);
  }

  /** Takes an Application as the API has it now. */
  take(object: KubeObject): void {
    const known = this.#states.get(keyOf(object));
    const { uid, resourceVersion } = object.metadata;
    // The watch says what the answer to our own write said already.
    if (known?.application.uid === uid && known?.application.resourceVersion === resourceVersion)
      return;
    const parsed = parseApplication(object);
    const { application } = parsed;
    if (known === undefined || known.application.uid !== application.uid) {
      if (known !== undefined) this.#gone(known.key);
      const state = new ApplicationState(application);
      state.invalid = parsed.ok ? undefined : parsed.problem;
      this.#states.set(state.key, state);
      this.#bySet.set(state.ownership.id, state);
      this.#options.onChange(state);
      return;
    }
    const before = known.application;
    if (isOlder(application.resourceVersion, before.resourceVersion)) return;
    known.application = application;
    known.written = application.status;
    if (application.status.lastHandledRefresh === application.annotations[annotations.refresh])
      known.handledRefresh = application.status.lastHandledRefresh;
    known.invalid = parsed.ok ? undefined : parsed.problem;
    const changed =
      before.generation !== application.generation ||
      before.deleting !== application.deleting ||
      !sameNotes(before.annotations, application.annotations);
    if (changed) this.#options.onChange(known);
  }

  #gone(key: string): void {
    const state = this.#states.get(key);
    if (state === undefined) return;
    state.stopped = true;
    this.#states.delete(key);
    this.#bySet.delete(state.ownership.id);
    this.#options.onGone(state);
  }
}

/** Annotations that ask for something; our own record is none. */
function sameNotes(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  const asked = (notes: Readonly<Record<string, string>>) =>
    JSON.stringify(
      Object.entries(notes)
        .filter(([name]) => name.startsWith("mooring.dev/"))
        .sort(),
    );
  return asked(a) === asked(b);
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace}/${object.metadata.name}`;
}
