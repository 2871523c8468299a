/** The verbs of the command, in the order of its help. */
import type { Verb } from "./verb.ts";

export const verbs: readonly Verb[] = [
  {
    name: "get",
    summary: "list Applications with their sync, health and revision",
    load: async () => (await import("./verbs/get.ts")).defineGet,
  },
  {
    name: "tree",
    summary: "an Application, its objects and what they own, with the health of each",
    load: async () => (await import("./verbs/tree.ts")).defineTree,
  },
  {
    name: "trace",
    summary: "from an object of the cluster to its Application and its commit",
    load: async () => (await import("./verbs/trace.ts")).defineTrace,
  },
  {
    name: "history",
    summary: "which revisions were deployed, when, and what became of them",
    load: async () => (await import("./verbs/history.ts")).defineHistory,
  },
  {
    name: "events",
    summary: "what was told of an Application, the newest last",
    load: async () => (await import("./verbs/events.ts")).defineEvents,
  },
  {
    name: "logs",
    summary: "what the controller logged of an Application, or what its Pods said",
    load: async () => (await import("./verbs/logs.ts")).defineLogs,
  },
  {
    name: "export",
    summary: "Applications as they were written, for Git or another cluster",
    load: async () => (await import("./verbs/export.ts")).defineExport,
  },
  {
    name: "diff",
    summary: "what would change in the cluster if what Git has now were applied",
    load: async () => (await import("./diff/command.ts")).defineDiff,
  },
  {
    name: "sync",
    summary: "look at the source now, deploy what it has, and wait until it is Ready",
    load: async () => (await import("./verbs/sync.ts")).defineSync,
  },
  {
    name: "suspend",
    summary: "stand still until resume",
    load: async () => (await import("./verbs/suspend.ts")).defineSuspend,
  },
  {
    name: "resume",
    summary: "go on after suspend",
    load: async () => (await import("./verbs/resume.ts")).defineResume,
  },
  {
    name: "rollback",
    summary: "go back to an earlier commit until the source has a newer one",
    load: async () => (await import("./verbs/rollback.ts")).defineRollback,
  },
  {
    name: "approve",
    summary: "let a prune go on that the guard holds",
    load: async () => (await import("./verbs/approve.ts")).defineApprove,
  },
  {
    name: "check",
    summary: "is the cluster ready for Mooring, and Mooring well in it",
    load: async () => (await import("./verbs/check.ts")).defineCheck,
  },
  {
    name: "completion",
    summary: "the script by which a shell completes verbs, flags and names",
    load: async () => (await import("./verbs/completion.ts")).defineCompletion,
  },
];
