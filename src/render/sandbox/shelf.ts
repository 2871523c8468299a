/**
 * Renderers that one thread made ready, for the next one. They lie in ports that the main thread
 * holds and never reads: read there, they would keep their memory until it collects its garbage,
 * which at rest it does not. A closed port's memory goes at once.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Prepared } from "./renderer.ts";

/** For one thread: where a renderer may lie, and where to put it for the next one. */
export interface ShelfPorts {
  take: MessagePort | undefined;
  put: MessagePort;
}

export class Shelf {
  readonly #ports = new Map<string, MessagePort>();

  /** Whoever is given them has to put back what it takes, or has made. */
  ports(renderer: string): ShelfPorts {
    const { port1: put, port2: next } = new MessageChannel();
    const take = this.#ports.get(renderer);
    this.#ports.set(renderer, next);
    return { take, put };
  }

  clear(): void {
    for (const port of this.#ports.values()) port.close();
    this.#ports.clear();
  }
}

/** For postMessage. */
export function portsOf({ take, put }: ShelfPorts): MessagePort[] {
  return take === undefined ? [put] : [take, put];
}

/** In the thread. undefined: nobody has made it yet. */
export function takeFrom(shelf: ShelfPorts | undefined): Prepared | undefined {
  if (shelf?.take === undefined) return undefined;
  const found = receiveMessageOnPort(shelf.take);
  shelf.take.close();
  return found?.message as Prepared | undefined;
}

export function putInto(shelf: ShelfPorts | undefined, prepared: Prepared): void {
  shelf?.put.postMessage(prepared);
}
