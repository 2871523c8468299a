/** Names as people write them after a verb. */
import { UsageError } from "../usage.ts";

export interface Named {
  namespace: string;
  name: string;
}

/**
 * NAME, or NAMESPACE/NAME.
 * @param namespace of a name alone
 * @throws UsageError when it is neither
 */
export function named(text: string, namespace: string): Named {
  const [first = "", second, ...more] = text.split("/");
  if (first === "" || second === "" || more.length > 0)
    throw new UsageError(`${JSON.stringify(text)} is neither NAME nor NAMESPACE/NAME`);
  return second === undefined ? { namespace, name: first } : { namespace: first, name: second };
}
