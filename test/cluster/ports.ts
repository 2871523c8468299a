import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";

/**
 * A TCP port of 127.0.0.1 that was free a moment ago. Another process can take it before it
 * is used: whoever starts a server on it tries again with another one.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}

/**
 * A free port that the system gives to nobody by itself, since it is below the range it chooses
 * from: for a server that is stopped for a while and started again on it.
 */
export async function lastingPort(random: () => number = Math.random): Promise<number> {
  const range = await readFile("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
  const below = Number(range.trim().split(/\s+/)[0]);
  for (;;) {
    const port = below - 1 - Math.floor(random() * Math.min(10_000, below - 1024));
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
