/** One Application and its repository, as a test drives and reads them. */
import type { Change, CommitOptions, TestRepository } from "../../git/repository.ts";
import type { KubeApi } from "./kube-api.ts";
import { conditionOf, type TestApplication, type TestCondition, type TestEvent } from "./status.ts";
import { waitFor } from "./wait.ts";

let asked = 0;

export class ApplicationHandle {
  readonly namespace: string;
  readonly name: string;
  readonly repository: TestRepository;
  readonly #api: KubeApi;

  constructor(api: KubeApi, repository: TestRepository, namespace: string, name: string) {
    this.#api = api;
    this.repository = repository;
    this.namespace = namespace;
    this.name = name;
  }

  /** As labels of metrics. */
  get labels(): { namespace: string; name: string } {
    return { namespace: this.namespace, name: this.name };
  }

  async get(): Promise<TestApplication> {
    return (await this.#api.read("Application", this.namespace, this.name)) as TestApplication;
  }

  until(
    what: string,
    holds: (application: TestApplication) => boolean,
    deadlineMs?: number,
  ): Promise<TestApplication> {
    return waitFor(
      `${this.namespace}/${this.name}: ${what}`,
      async () => withoutBookkeeping(await this.get()),
      holds,
      deadlineMs,
    );
  }

  /** Waits until a condition says so. */
  async condition(
    type: string,
    status: TestCondition["status"],
    reason?: string,
    deadlineMs?: number,
  ): Promise<TestCondition> {
    const seen = await this.until(
      `${type} ${status}${reason === undefined ? "" : ` by ${reason}`}`,
      (application) => {
        const condition = conditionOf(application, type);
        return (
          condition?.status === status && (reason === undefined || condition.reason === reason)
        );
      },
      deadlineMs,
    );
    return conditionOf(seen, type) as TestCondition;
  }

  /** Waits until it is Ready for its present spec, at this commit if one is given. */
  ready(commit?: string, deadlineMs?: number): Promise<TestApplication> {
    return this.until(
      `Ready${commit === undefined ? "" : ` at ${commit}`}`,
      (application) => {
        const ready = conditionOf(application, "Ready");
        return (
          ready?.status === "True" &&
          ready.observedGeneration === application.metadata.generation &&
          (commit === undefined || application.status?.revision?.includes(commit) === true)
        );
      },
      deadlineMs,
    );
  }

  /** Asks it to look at its source now. @returns the Application that answers it */
  async refresh(deadlineMs?: number): Promise<TestApplication> {
    asked += 1;
    const token = `look-${asked}`;
    await this.annotate({ "mooring.dev/refresh": token });
    return await this.until(
      `answer to the refresh ${token}`,
      ({ status }) => status?.lastHandledRefresh === token,
      deadlineMs,
    );
  }

  commit(changes: Readonly<Record<string, Change>>, options?: CommitOptions): Promise<string> {
    return this.repository.commit(changes, options);
  }

  /** Commits, and has it looked at. @returns the commit */
  async push(changes: Readonly<Record<string, Change>>, options?: CommitOptions): Promise<string> {
    const id = await this.commit(changes, options);
    await this.refresh();
    return id;
  }

  /** Commits and waits until that commit is Ready. @returns the commit */
  async deploy(
    changes: Readonly<Record<string, Change>>,
    options?: CommitOptions,
  ): Promise<string> {
    const id = await this.push(changes, options);
    await this.ready(id);
    return id;
  }

  async annotate(annotations: Readonly<Record<string, string | null>>): Promise<void> {
    await this.#api.patch("Application", this.namespace, this.name, { metadata: { annotations } });
  }

  async configure(spec: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#api.patch("Application", this.namespace, this.name, { spec });
  }

  /** Its Events of one reason, once there is one: they are written after the status. */
  told(reason: string): Promise<TestEvent[]> {
    return waitFor(
      `${this.namespace}/${this.name}: an Event ${reason}`,
      () => this.events(reason),
      ({ length }) => length > 0,
    );
  }

  /** Its Events so far, of one reason if that is given. */
  async events(reason?: string): Promise<TestEvent[]> {
    const all = (await this.#api.list("Event", this.namespace)) as unknown as TestEvent[];
    return all.filter(
      (event) =>
        event.regarding.name === this.name && (reason === undefined || event.reason === reason),
    );
  }

  /** Asks for its deletion; does not wait for it. */
  delete(): Promise<void> {
    return this.#api.delete("Application", this.namespace, this.name);
  }

  async gone(deadlineMs?: number): Promise<void> {
    await waitFor(
      `${this.namespace}/${this.name} to be gone`,
      () => this.#api.get("Application", this.namespace, this.name),
      (application) => application === undefined,
      deadlineMs,
    );
  }
}

/** For readable failures. */
function withoutBookkeeping(application: TestApplication): TestApplication {
  const { managedFields: _, ...metadata } = application.metadata;
  return { ...application, metadata };
}
