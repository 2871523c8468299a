import { createHash } from "node:crypto";
import { BlockList, isIPv4, isIPv6 } from "node:net";
import { Problem } from "../../model/problem.ts";
import type { GitCredentials, RemoteAddress } from "./remote.ts";

/** Instance metadata and other link-local services: never a Git server. */
const linkLocal = new BlockList();
linkLocal.addSubnet("169.254.0.0", 16, "ipv4");
linkLocal.addSubnet("fe80::", 10, "ipv6");
linkLocal.addAddress("fd00:ec2::254", "ipv6");

/**
 * The URL in its normal form, when it is one that we may ask.
 * @throws Problem SourceRefused: not http(s), credentials inside, a link-local address.
 */
export function checkUrl(url: string): URL {
  if (/^ssh:|^git\+ssh:|^[^/@:]+@[^/@:]+:/.test(url)) {
    throw new Problem("SourceRefused", "Git over SSH is not supported yet");
  }
  if (url.startsWith("-") || !/^https?:\/\//i.test(url)) {
    const scheme = /^([a-z][a-z0-9+.-]{0,20}):/i.exec(url)?.[1];
    throw new Problem(
      "SourceRefused",
      `the repository's URL must begin with https:// or http://${scheme === undefined ? "" : `, not ${scheme}:`}`,
    );
  }
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new Problem("SourceRefused", "the repository's URL is not a valid URL");
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new Problem(
      "SourceRefused",
      `the URL of the repository at ${parsed.host} has credentials in it: put them into a Secret and name it in secretRef`,
    );
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  const family = isIPv4(host) ? "ipv4" : isIPv6(host) ? "ipv6" : undefined;
  if (family !== undefined && linkLocal.check(host, family)) {
    throw new Problem("SourceRefused", `${host} is a link-local address, not a Git server`);
  }
  parsed.hash = "";
  return parsed;
}

/** How messages name a repository: without query, which may carry a token. */
export function display(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** The Authorization header. Line feeds at the end, as `echo` leaves them in Secrets, are not part of it. */
export function authorization(credentials: GitCredentials | undefined): string | undefined {
  switch (credentials?.kind) {
    case undefined:
    case "anonymous":
      return undefined;
    case "basic": {
      const pair = `${credentials.username.trimEnd()}:${credentials.password.replace(/[\r\n]+$/, "")}`;
      return `Basic ${Buffer.from(pair).toString("base64")}`;
    }
    case "bearer":
      return `Bearer ${credentials.token.trim()}`;
  }
}

/** A map key for a remote as one identity sees it; holds no secret. */
export function addressKey({ url, credentials }: RemoteAddress): string {
  const identity = JSON.stringify([
    authorization(credentials) ?? "",
    credentials?.caCertificate ?? "",
  ]);
  return createHash("sha256").update(`${url}\n${identity}`).digest("hex");
}
