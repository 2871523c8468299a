/** Writes Events of events.k8s.io/v1 about Applications. */
import { createHash } from "node:crypto";
import { type Application, group, kind, version } from "../model/application.ts";
import type { KubeObject, ResourceKind } from "../model/object.ts";
import type { EventSpec } from "./events.ts";
import { redactText } from "./redaction.ts";

/**
 * All that the recorder needs of the Kubernetes API: `Objects` of cluster/ has it. The sink bounds
 * how many are under way at once.
 */
export interface EventSink {
  create(resource: ResourceKind, object: KubeObject): Promise<unknown>;
}

export interface RecorderOptions {
  sink: EventSink;
  /** Which replica writes: the pod's name or uid. */
  instance: string;
  now: () => Date;
  /** Told of each Event that could not be written, with an error that holds no secret. */
  onFailure: (event: EventSpec, error: unknown) => void;
  /** Told of each Event that was written. */
  onWritten?: (event: EventSpec) => void;
}

export const reportingController = "mooring.dev/controller";
export const ownerAnnotation = "mooring.dev/owner";
export const runbookAnnotation = "mooring.dev/runbook";

const resource: ResourceKind = {
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  resource: "events",
  namespaced: true,
  verbs: ["create"],
};

const maxInstance = 128;
/** Events that wait to be written; what comes on top is lost. */
const maxWaiting = 1_000;
const labelValue = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

export class EventRecorder {
  readonly #options: RecorderOptions;
  readonly #writing = new Set<Promise<void>>();
  #sequence = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /**
   * Has the Events written, without waiting for it: nobody who waits for an application waits for
   * its Events. One that cannot be written is told to `onFailure` and lost.
   */
  record(application: Application, events: readonly EventSpec[]): void {
    const { sink, onFailure, onWritten } = this.#options;
    for (const event of events) {
      if (this.#writing.size >= maxWaiting) {
        onFailure(event, new Error(`${maxWaiting} Events wait to be written already`));
        continue;
      }
      const writing = sink
        .create(resource, this.#objectOf(application, event))
        .then(
          () => onWritten?.(event),
          (error: unknown) => onFailure(event, error),
        )
        .finally(() => this.#writing.delete(writing));
      this.#writing.add(writing);
    }
  }

  /** Resolves when the Events so far are written or lost. */
  async settled(): Promise<void> {
    await Promise.all(this.#writing);
  }

  #objectOf(application: Application, event: EventSpec): KubeObject {
    const { namespace, name, uid, resourceVersion, spec } = application;
    // MicroTime wants exactly six digits.
    const eventTime = this.#options.now().toISOString().replace("Z", "000Z");
    const owner = spec.owner;
    return {
      apiVersion: `${resource.group}/${resource.version}`,
      kind: resource.kind,
      metadata: {
        namespace,
        name: this.#nameFor(application, eventTime),
        ...(owner !== undefined && labelValue.test(owner)
          ? { labels: { [ownerAnnotation]: owner } }
          : {}),
        annotations: {
          ...(owner === undefined ? {} : { [ownerAnnotation]: owner }),
          ...(spec.runbook === undefined ? {} : { [runbookAnnotation]: redactText(spec.runbook) }),
        },
      },
      eventTime,
      reportingController,
      reportingInstance: this.#options.instance.slice(0, maxInstance),
      action: event.action,
      reason: event.reason,
      type: event.type,
      note: event.note,
      regarding: { apiVersion: `${group}/${version}`, kind, namespace, name, uid, resourceVersion },
      ...(event.related === undefined ? {} : { related: relatedTo(event.related) }),
    };
  }

  /** As client-go names Events, `<name>.<hex>`; distinct for each replica and Event. */
  #nameFor(application: Application, eventTime: string): string {
    const identity = `${application.uid} ${this.#options.instance} ${eventTime} ${this.#sequence++}`;
    const suffix = createHash("sha256").update(identity).digest("hex").slice(0, 16);
    return `${application.name.slice(0, 253 - suffix.length - 1)}.${suffix}`;
  }
}

function relatedTo(ref: NonNullable<EventSpec["related"]>): Record<string, string> {
  const { kind: relatedKind, namespace, name } = ref;
  return { kind: relatedKind, name, ...(namespace === undefined ? {} : { namespace }) };
}
