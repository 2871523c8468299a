/** Access reviews: may somebody do something? Asked of the apiserver, whatever authorises there. */
import type { Transport } from "../../cluster/transport.ts";

/** One verb on one resource. */
export interface Access {
  verb: string;
  group: string;
  /** The plural, with its subresource: `applications/status`. */
  resource: string;
  /** Absent: in the whole cluster. */
  namespace?: string | undefined;
  name?: string | undefined;
}

/** Somebody else than the caller. */
export interface Subject {
  user: string;
  groups: readonly string[];
}

/** As the apiserver sees a ServiceAccount. */
export function serviceAccount(namespace: string, name: string): Subject {
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: [
      "system:serviceaccounts",
      `system:serviceaccounts:${namespace}`,
      "system:authenticated",
    ],
  };
}

export class Reviews {
  readonly #transport: Transport;
  readonly #asked = new Map<string, Promise<boolean>>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** May the caller? Everybody may ask. @throws ApiError */
  mayI(access: Access): Promise<boolean> {
    return this.#ask("selfsubjectaccessreviews", "SelfSubjectAccessReview", access, {});
  }

  /** @throws ApiError 403 when the caller may not ask for others */
  may({ user, groups }: Subject, access: Access): Promise<boolean> {
    return this.#ask("subjectaccessreviews", "SubjectAccessReview", access, { user, groups });
  }

  /** As {@link may}, of one namespace: who may ask for that need not be allowed to ask for all. @throws ApiError */
  mayIn(namespace: string, { user, groups }: Subject, access: Access): Promise<boolean> {
    const plural = `namespaces/${encodeURIComponent(namespace)}/localsubjectaccessreviews`;
    const asked = { ...access, namespace };
    return this.#ask(plural, "LocalSubjectAccessReview", asked, { user, groups }, { namespace });
  }

  /** The same question is asked once. */
  #ask(
    plural: string,
    kind: string,
    access: Access,
    who: object,
    metadata?: object,
  ): Promise<boolean> {
    const body = { ...who, resourceAttributes: attributesOf(access) };
    const key = JSON.stringify([plural, body]);
    const known = this.#asked.get(key);
    if (known !== undefined) return known;
    const answer = this.#transport
      .request<{ status?: { allowed?: boolean } }>({
        method: "POST",
        path: `/apis/authorization.k8s.io/v1/${plural}`,
        body: {
          apiVersion: "authorization.k8s.io/v1",
          kind,
          ...(metadata && { metadata }),
          spec: body,
        },
      })
      .then(({ status }) => status?.allowed === true);
    this.#asked.set(key, answer);
    return answer;
  }
}

function attributesOf({ resource, ...access }: Access): object {
  const [plural, subresource] = resource.split("/");
  return { ...access, resource: plural, ...(subresource === undefined ? {} : { subresource }) };
}

/** `patch applications.mooring.dev/status in namespace shop`. */
export function accessText({ verb, group, resource, namespace, name }: Access): string {
  const [plural, subresource] = resource.split("/");
  const grouped = group === "" ? plural : `${plural}.${group}`;
  const what = subresource === undefined ? grouped : `${grouped}/${subresource}`;
  const which = name === undefined ? "" : ` ${name}`;
  const where = namespace === undefined ? "in the whole cluster" : `in namespace ${namespace}`;
  return `${verb} ${what}${which} ${where}`;
}
