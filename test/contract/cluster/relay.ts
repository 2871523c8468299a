/** A TCP relay in front of an apiserver whose connections a test can cut. */
import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";

export interface Relay {
  readonly port: number;
  /** Resets every connection; new ones are relayed. */
  cut(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function relayTo(server: string): Promise<Relay> {
  const target = new URL(server);
  const sockets = new Set<Socket>();
  const relay = createServer((near) => {
    const far = dial(Number(target.port), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => to.write(bytes));
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (relay.address() as AddressInfo).port,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => relay.close(resolve));
    },
  };
}
