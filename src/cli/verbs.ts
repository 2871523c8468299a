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
    name: "diff",
    summary: "what would change in the cluster if what Git has now were applied",
    load: async () => (await import("./diff/command.ts")).defineDiff,
  },
];
