/** What several containers said so far, in the order of time, and then what they go on to say. */
import { ApiError } from "../../cluster/api-error.ts";
import type { Transport } from "../../cluster/transport.ts";
import { type Container, compareTimes, inOrder, type LogLine, linesOf } from "./pod-log.ts";

export interface FollowOptions {
  follow: boolean;
  since: string | undefined;
  /** Of each container; asked of the kubelet, so before `concerns`. */
  tailEach: number | undefined;
  /** Of all together; after `concerns`. */
  tailAll: number | undefined;
  concerns: (line: LogLine) => boolean;
  /** Told of a container whose log could not be had. */
  refused: (container: Container, error: ApiError) => void;
  signal: AbortSignal;
}

/**
 * @returns how many containers' logs could be had
 * @throws ApiError when the cluster does not answer
 */
export async function followLogs(
  transport: Transport,
  containers: readonly Container[],
  options: FollowOptions,
  tell: (line: LogLine) => void,
): Promise<number> {
  const { since, tailEach, tailAll, concerns, follow, signal } = options;
  const attempt = async <T>(
    container: Container,
    read: () => Promise<T>,
  ): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 0 || error.status === 401) throw error;
      options.refused(container, error);
      return undefined;
    }
  };
  const backlogs = await Promise.all(
    containers.map((container) =>
      attempt(container, async () => {
        const kept: LogLine[] = [];
        let last = "";
        const lines = linesOf(transport, container, {
          follow: false,
          since,
          tail: tailEach,
          signal,
        });
        for await (const line of lines) {
          if (compareTimes(line.time, last) > 0) last = line.time;
          if (!concerns(line)) continue;
          kept.push(line);
          // A log may be longer than memory; only its end is asked for.
          if (tailAll !== undefined && kept.length > 2 * tailAll)
            kept.splice(0, kept.length - tailAll);
        }
        return { container, kept, last };
      }),
    ),
  );
  const read = backlogs.filter((one) => one !== undefined);
  const said = inOrder(read.flatMap(({ kept }) => kept));
  for (const line of tailAll === undefined ? said : said.slice(Math.max(0, said.length - tailAll)))
    tell(line);
  if (!follow) return read.length;
  await Promise.all(
    read.map(({ container, last }) =>
      attempt(container, async () => {
        const lines = linesOf(transport, container, {
          follow: true,
          since: last === "" ? since : last,
          signal,
        });
        for await (const line of lines) {
          // The apiserver knows whole seconds: what was told already comes again.
          if (last !== "" && compareTimes(line.time, last) <= 0) continue;
          if (concerns(line)) tell(line);
        }
      }),
    ),
  );
  return read.length;
}
