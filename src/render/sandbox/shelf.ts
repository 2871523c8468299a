/**
 * Renderers that one thread made ready, for the next one. They lie in ports that the main thread
 * holds and never reads: read there, they would keep their memory until it collects its garbage,
 * which at rest it does not. A closed port's memory goes at once.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Prepared } from "./renderer.ts";

/** One end of a place on the shelf. `full`: whoever was to fill it has, or never will. */
interface Place {
  port: MessagePort;
  full: Int32Array<SharedArrayBuffer>;
}

/** For one thread: where a renderer may lie, and where to put it for the next one. */
export interface ShelfPlaces {
  take: Place | undefined;
  put: Place;
}

export class Shelf {
  readonly #places = new Map<string, Place>();

  /** Whoever is given them has to put back what it takes, or has made. */
  places(renderer: string): ShelfPlaces {
    const { port1, port2 } = new MessageChannel();
    const full = new Int32Array(new SharedArrayBuffer(4));
    const take = this.#places.get(renderer);
    this.#places.set(renderer, { port: port2, full });
    return { take, put: { port: port1, full } };
  }

  clear(): void {
    for (const { port } of this.#places.values()) port.close();
    this.#places.clear();
  }
}

/** For postMessage. */
export function portsOf({ take, put }: ShelfPlaces): MessagePort[] {
  return take === undefined ? [put.port] : [take.port, put.port];
}

/** Nobody is waited for any longer: the thread that had the place has filled it, or cannot. */
export function markFull(places: ShelfPlaces | undefined): void {
  if (places === undefined) return;
  Atomics.store(places.put.full, 0, 1);
  Atomics.notify(places.put.full, 0);
}

/** In the thread: waits for who is making it. undefined: it is not there, and nobody is. */
export function takeFrom(places: ShelfPlaces | undefined): Prepared | undefined {
  if (places?.take === undefined) return undefined;
  Atomics.wait(places.take.full, 0, 0);
  const found = receiveMessageOnPort(places.take.port);
  places.take.port.close();
  return found?.message as Prepared | undefined;
}

/** In the thread. */
export function putInto(places: ShelfPlaces | undefined, prepared: Prepared): void {
  places?.put.port.postMessage(prepared);
}
