/** Starting the servers of the control plane on a port, and telling when they answer. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./ports.ts";
import type { SupervisedChild } from "./supervisor.ts";

const portAttempts = 5;

/**
 * Starts a server and waits until it answers. A port that the system gave can be lost to
 * another process before it is bound: then again with another one.
 */
export async function listening(
  fixed: number | undefined,
  launch: (port: number) => SupervisedChild,
  ready: (port: number) => Promise<boolean>,
  deadline: number,
  log: string,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = fixed ?? (await freePort());
    const child = launch(port);
    while (child.end === undefined && Date.now() < deadline) {
      if (await ready(port)) return port;
      await Promise.race([child.ended, delay(50)]);
    }
    const text = existsSync(log) ? await readFile(log, "utf8") : "";
    const taken = child.end !== undefined && /address already in use/.test(text);
    if (taken && fixed === undefined && attempt < portAttempts) continue;
    const how =
      child.end === undefined
        ? "did not become ready"
        : `ended (${child.end.error ?? child.end.signal ?? child.end.code})`;
    throw new Error(`${child.name} ${how}; the end of its log:\n${text.slice(-2000)}`);
  }
}

/** Whether a plain http server answers with success. */
export async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/** Whether the apiserver says that it is ready: its built-in roles exist by then, too. */
export function isReady(port: number, ca: string, token: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request(
      `https://127.0.0.1:${port}/readyz`,
      { ca, agent: false, timeout: 2000, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    probe.on("timeout", () => probe.destroy());
    probe.on("error", () => resolve(false));
    probe.end();
  });
}
