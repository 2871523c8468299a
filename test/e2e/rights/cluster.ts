/** A cluster in which controllers run with the rights of an overlay, or with all of them but one. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { Supervisor } from "../../cluster/supervisor.ts";
import { type GitServer, startGitServer } from "../../git/server.ts";
import { AuditLog } from "../harness/audit.ts";
import { controllerUser } from "../harness/installation.ts";
import { KubeApi } from "../harness/kube-api.ts";
import { Tenant } from "../harness/tenant.ts";
import { waitFor } from "../harness/wait.ts";
import { type Attempt, attempt } from "./controller.ts";
import { breachWithout } from "./promises.ts";
import { liveADay } from "./scenario.ts";
import { type Asked, allows, askedOf, parts } from "./usage.ts";
import { type Grant, inWords, type Variant, withdraw } from "./variant.ts";

/** One application's, in a namespace. */
export interface Day {
  readonly tenant: Tenant;
  readonly name: string;
  /** Besides what every day has. */
  readonly files?: Readonly<Record<string, string>>;
}

export class RightsCluster {
  readonly plane: ControlPlane;
  readonly api: KubeApi;
  readonly #git: GitServer;
  readonly #supervisor: Supervisor;
  readonly #audit: AuditLog;

  private constructor(
    supervisor: Supervisor,
    plane: ControlPlane,
    git: GitServer,
    api: KubeApi,
    audit: AuditLog,
  ) {
    this.#supervisor = supervisor;
    this.plane = plane;
    this.#git = git;
    this.api = api;
    this.#audit = audit;
  }

  /** Nothing rolls out in it: what is applied is what counts. */
  static async start(): Promise<RightsCluster> {
    const supervisor = await Supervisor.begin({
      temporaryPrefix: join(tmpdir(), "mooring-rights-"),
    });
    const [plane, git] = await Promise.all([
      startControlPlane({ workloads: false }),
      startGitServer(),
    ]);
    const api = await KubeApi.connect(plane.adminKubeconfig);
    const audit = new AuditLog(plane.auditLog, controllerUser);
    return new RightsCluster(supervisor, plane, git, api, audit);
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
    await this.api.close();
    await Promise.all([this.#git.stop(), this.plane.stop()]);
  }

  tenant(name: string): Promise<Tenant> {
    return Tenant.create(name, this.api, this.#git);
  }

  /** Runs a controller while something is lived, and leaves none behind. */
  async running<T>(
    variant: Variant,
    live: (controller: Attempt) => Promise<T>,
    identity = "replica-0",
  ): Promise<T> {
    const controller = await attempt(this.#supervisor, this.plane, variant.env, identity);
    try {
      return await live(controller);
    } finally {
      await controller.end();
    }
  }

  /** Asserts that days of applications use each right of the variant, and lack none. */
  async usesAllOf(variant: Variant, days: readonly Day[]): Promise<void> {
    await this.#forget("Secret", "mooring-installation");
    await this.#forget("Lease", "mooring-shard-0");
    const mark = await this.#audit.mark();
    await this.running(variant, async (controller) => {
      await controller.ready();
      for (const { tenant, name, files } of days)
        await liveADay(
          tenant,
          name,
          this.api,
          async () =>
            (await this.#askedSince(mark)).some(
              (one) =>
                one.verb === "get" &&
                one.resource === "applications" &&
                one.namespace === tenant.name,
            ),
          files,
        );
      // The Lease was made and read; that it is renewed is seen within a second.
      await waitFor(
        "leases to be renewed",
        () => this.#askedSince(mark),
        (asked) => asked.some(({ verb, resource }) => verb === "patch" && resource === "leases"),
      );
    });
    // A watch is in the log once it has ended.
    await waitFor(
      "every right to be used",
      async () => superfluous(variant, await this.#askedSince(mark)),
      (unused) => unused.length === 0,
    );
    expect(lacking(await this.#askedSince(mark))).toEqual([]);
  }

  /**
   * Asserts, for each of these rules, that something breaks without it: the same rule of several
   * namespaces is withdrawn at once, and breaks in each of them.
   * @returns the rules in words
   */
  async breaksWithout(
    variant: Variant,
    grants: readonly Grant[],
    tenants: readonly Tenant[],
  ): Promise<string[]> {
    const shown: string[] = [];
    for (const run of runsOf(grants)) {
      await this.#breaksWithoutRule(variant, run, tenants);
      shown.push(...run.map(inWords));
    }
    return shown.sort();
  }

  async #breaksWithoutRule(
    variant: Variant,
    run: readonly [Grant, ...Grant[]],
    tenants: readonly Tenant[],
  ): Promise<void> {
    const [first] = run;
    const { verbs, resources } = first.rule;
    if (verbs.includes("create") && resources.includes("secrets"))
      await this.#forget("Secret", "mooring-installation");
    const identity = resources.includes("leases") ? "another" : "replica-0";
    const restore = await withdraw(this.api, run);
    const mark = await this.#audit.mark();
    try {
      await this.running(
        variant,
        async (controller) => {
          const rest = await breachWithout(first)(controller, tenants);
          // A refused impersonation is in the log as a request of whoever was to be impersonated.
          if (!verbs.includes("impersonate"))
            await waitFor(
              `refusals of ${run.map(inWords).join("; ")}`,
              () => this.#askedSince(mark),
              (asked) => run.every((rule) => asked.some((one) => one.refused && allows(rule, one))),
            );
          await rest?.();
        },
        identity,
      );
    } finally {
      await restore();
    }
  }

  /** What is made once is made again only when it is gone. */
  async #forget(kind: "Secret" | "Lease", name: string): Promise<void> {
    const found = await this.api.get(kind, "mooring-system", name);
    if (found !== undefined) await this.api.delete(kind, "mooring-system", name);
  }

  async #askedSince(mark: number): Promise<Asked[]> {
    return askedOf(await this.#audit.requestsSince(mark));
  }
}

/** One run for the same rule of all namespaces. */
function runsOf(grants: readonly Grant[]): [Grant, ...Grant[]][] {
  const runs = new Map<string, [Grant, ...Grant[]]>();
  for (const grant of grants) {
    const key = `${grant.kind} ${grant.role} ${grant.index}`;
    const run = runs.get(key);
    if (run === undefined) runs.set(key, [grant]);
    else run.push(grant);
  }
  return [...runs.values()];
}

function superfluous(variant: Variant, asked: readonly Asked[]): string[] {
  return variant.grants
    .flatMap(parts)
    .filter((part) => !asked.some((one) => allows(part, one)))
    .map(inWords);
}

function lacking(asked: readonly Asked[]): string[] {
  return asked
    .filter(({ refused }) => refused)
    .map(({ verb, resource, namespace }) => `${verb} ${resource} in ${namespace || "the cluster"}`);
}
