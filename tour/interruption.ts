/** The ways in which somebody ends the tour. */
import { onParentEnd } from "../test/cluster/parent.ts";

export interface Interruption {
  readonly reason: string;
  /** Exit code of a tour that was not over. */
  readonly code: number;
}

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Resolves at the first of: a signal, the end of the npm that started us (a kill -9 of it sends
 * nothing), the end of whoever reads what we print.
 */
export function interruption(
  env: Readonly<Record<string, string | undefined>>,
): Promise<Interruption> {
  return new Promise((resolve) => {
    for (const [signal, code] of Object.entries(signals)) {
      process.on(signal, () => resolve({ reason: signal, code }));
    }
    for (const stream of [process.stdout, process.stderr]) {
      stream.on("error", () => resolve({ reason: "nobody reads the output", code: 141 }));
    }
    if (env.npm_lifecycle_event !== undefined) {
      onParentEnd(() => resolve({ reason: "npm has ended", code: 143 }));
    }
  });
}
