/**
 * For each alert on Applications: series that are fine for ten minutes, then are not until the
 * 60th, then are gone; and what is told of it.
 */
export interface AlertCase {
  alert: string;
  severity: "critical" | "warning";
  /** Besides namespace and name; the values of minutes 0 to 9 and 10 to 59, as promtool writes them. */
  series: readonly {
    metric: string;
    labels?: Readonly<Record<string, string>>;
    before?: string;
    during: string;
  }[];
  /** Minutes from the begin of the condition until it has to fire. */
  waits: number;
  /** Besides namespace, name, severity and owner. */
  labels?: Readonly<Record<string, string>>;
  summary: string;
  description: string;
}

const state = (metric: string, labels: Readonly<Record<string, string>>, value = "1") => ({
  metric,
  labels,
  during: `${value}x49`,
});

export const alertCases: readonly AlertCase[] = [
  {
    alert: "MooringApplicationOutOfSync",
    severity: "warning",
    series: [state("mooring_application_sync_state", { state: "OutOfSync" })],
    waits: 10,
    summary: "Application team-a/shop is out of sync",
    description:
      "The cluster has not been as Git says for 10 minutes: Application team-a/shop. See what differs with `mooring diff shop -n team-a`; `mooring get shop -n team-a` says why it is not applied.",
  },
  {
    alert: "MooringSyncFailed",
    severity: "warning",
    series: [state("mooring_application_problems", { code: "ImmutableField" }, "2")],
    waits: 5,
    labels: { code: "ImmutableField" },
    summary: "Application team-a/shop cannot be applied: ImmutableField",
    description:
      "Application team-a/shop has failed with ImmutableField for 5 minutes, at 2 place(s). `mooring get shop -n team-a` names the object, the reason and the cure; what is not mended in Git or in the cluster stays as it was.",
  },
  {
    alert: "MooringHealthDegraded",
    severity: "critical",
    series: [state("mooring_application_health_state", { state: "Degraded" })],
    waits: 5,
    labels: { state: "Degraded" },
    summary: "Application team-a/shop is Degraded",
    description:
      "Objects of Application team-a/shop have been Degraded for 5 minutes. `mooring tree shop -n team-a` shows which; if a release broke it, revert the commit or `mooring rollback shop -n team-a`.",
  },
  {
    alert: "MooringDrift",
    severity: "warning",
    series: [
      {
        metric: "mooring_application_drift_age_seconds",
        labels: { manager: "kubectl-edit" },
        before: "300x9",
        during: "301x49",
      },
    ],
    waits: 1,
    labels: { manager: "kubectl-edit" },
    summary: "Application team-a/shop was changed in the cluster by kubectl-edit",
    description:
      "Application team-a/shop has differed from Git for 5m 1s, changed by kubectl-edit. See the fields with `mooring diff shop -n team-a`; then take the change into Git, or undo it.",
  },
  {
    alert: "MooringReconcileStale",
    severity: "warning",
    series: [
      // 940 seconds ago, then 941: 15 minutes and twice the interval are 940.
      {
        metric: "mooring_application_last_reconcile_timestamp_seconds",
        before: "-940+60x9",
        during: "-341+60x49",
      },
      { metric: "mooring_application_interval_seconds", before: "20x9", during: "20x49" },
    ],
    waits: 2,
    summary: "Application team-a/shop has not been reconciled for 15m 41s",
    description:
      "What the status of Application team-a/shop says is 15m 41s old: neither was its source looked at nor did a run end. Pushes and drift go unnoticed meanwhile. Look at the controller's queue and log.",
  },
  {
    alert: "MooringSourceFailing",
    severity: "warning",
    series: [state("mooring_application_problems", { code: "SourceUnauthorized" })],
    waits: 10,
    labels: { code: "SourceUnauthorized" },
    summary: "The source of Application team-a/shop cannot be read: SourceUnauthorized",
    description:
      "Application team-a/shop has not got its manifests for 10 minutes: SourceUnauthorized. Pushes are not deployed. `mooring get shop -n team-a` says which URL, revision, path or Secret; check it there.",
  },
  {
    alert: "MooringPruneHeld",
    severity: "warning",
    series: [state("mooring_application_held_prune_objects", {}, "12")],
    waits: 5,
    summary: "Application team-a/shop would delete 12 object(s), and waits for an approval",
    description:
      "Git no longer has 12 object(s) of Application team-a/shop, and the prune guard holds their deletion. `mooring approve shop -n team-a --dry-run` lists them: put them back into Git, or approve exactly those with `mooring approve shop -n team-a`.",
  },
  {
    alert: "MooringSecretNotRotated",
    severity: "warning",
    series: [
      {
        metric: "mooring_secret_age_seconds",
        labels: { secret: "robot" },
        before: "7776000x9",
        during: "7776001x49",
      },
    ],
    waits: 5,
    labels: { secret: "robot" },
    summary: "Secret team-a/robot of Application team-a/shop is 90d 0h 0m 1s old",
    description:
      "The Git credentials of Application team-a/shop in Secret robot have not been written for 90d 0h 0m 1s. Make new ones at the Git server, write them into the Secret (used within a minute), then revoke the old ones.",
  },
  {
    alert: "MooringSecurityRefusal",
    severity: "warning",
    series: [state("mooring_application_problems", { code: "Forbidden" })],
    waits: 0,
    labels: { code: "Forbidden" },
    summary: "Application team-a/shop was refused: Forbidden",
    description:
      "What Git says of Application team-a/shop was refused with Forbidden: a right, an owner, a policy or a source that it may not have. Nothing refused was written. `mooring get shop -n team-a` names it; find out who committed it (`mooring history shop -n team-a`), then grant it or remove it from Git.",
  },
];
