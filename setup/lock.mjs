// One set-up at a time. The lock is a socket in Linux' abstract namespace: the kernel lets go
// of it when its holder ends, however that ends, so there is no stale lock to judge.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { say } from "./progress.mjs";

/**
 * Runs `work` while no other process holds the lock of that name for that directory. Elsewhere
 * than on Linux there is no lock: the work is then at worst done twice, as each of its results
 * is put in place by one rename.
 */
export async function withLock(name, directory, signal, work) {
  if (process.platform !== "linux") return work();
  const key = createHash("sha256").update(`${process.getuid()} ${directory}`).digest("hex");
  const address = `\0mooring-${name}-${key.slice(0, 16)}`;
  const server = await take(address, name, signal);
  try {
    return await work();
  } finally {
    server.close();
    for (const waiter of server.waiters) waiter.destroy();
  }
}

async function take(address, name, signal) {
  for (let told = false; ; told = true) {
    const server = createServer();
    server.waiters = new Set();
    server.on("connection", (socket) => {
      server.waiters.add(socket);
      socket.on("error", () => {});
    });
    try {
      server.listen(address);
      await once(server, "listening");
      return server;
    } catch (error) {
      if (error.code !== "EADDRINUSE") throw error;
    }
    if (!told) say(`another set-up is at work (${name}); waiting for it`);
    await ended(address, signal);
  }
}

/** Resolves when the holder's end closes the connection, or when there is no holder any more. */
async function ended(address, signal) {
  const socket = connect({ path: address, signal });
  socket.on("error", () => {});
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
  signal.throwIfAborted();
}
