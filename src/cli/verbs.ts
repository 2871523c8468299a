/** The verbs of the command, in the order of its help. */
import type { Verb } from "./verb.ts";

export const verbs: readonly Verb[] = [];
