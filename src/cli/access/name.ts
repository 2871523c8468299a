/** An Application as it is named on the command line. */

export interface ApplicationName {
  namespace: string;
  name: string;
}

/**
 * @param given NAME, or NAMESPACE/NAME as messages and metrics name it
 * @param namespace of a NAME alone
 * @throws Error when it is neither
 */
export function applicationNamed(given: string, namespace: string): ApplicationName {
  const [first = "", second, ...more] = given.split("/");
  if (first === "" || second === "" || more.length > 0) {
    throw new Error(`${JSON.stringify(given)} is neither NAME nor NAMESPACE/NAME`);
  }
  return second === undefined ? { namespace, name: first } : { namespace: first, name: second };
}
