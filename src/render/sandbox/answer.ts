/** Objects across threads: one buffer that changes hands, taken apart bit by bit. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { RenderedJson } from "./host.ts";

/** JSON and origins one after the other as UTF-8, and where each ends. */
export interface PackedObjects {
  text: Uint8Array<ArrayBuffer>;
  ends: Uint32Array<ArrayBuffer>;
}

/** Objects are taken apart until so many bytes are done, then others have their turn. */
const bytesOfTurn = 512 * 1024;
const objectsOfTurn = 2_000;

export function packObjects(objects: readonly RenderedJson[]): PackedObjects {
  const ends = new Uint32Array(2 * objects.length);
  let length = 0;
  objects.forEach(({ json, origin }, i) => {
    length += Buffer.byteLength(json);
    ends[2 * i] = length;
    length += Buffer.byteLength(origin);
    ends[2 * i + 1] = length;
  });
  const text = new Uint8Array(length);
  const bytes = Buffer.from(text.buffer);
  let at = 0;
  for (const { json, origin } of objects) {
    at += bytes.write(json, at);
    at += bytes.write(origin, at);
  }
  return { text, ends };
}

/** Never holds the event loop for longer than some milliseconds. */
export async function unpackObjects({ text, ends }: PackedObjects): Promise<RenderedJson[]> {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const objects: RenderedJson[] = [];
  let at = 0;
  let turn = 0;
  for (let i = 0; i < ends.length; i += 2) {
    const jsonEnd = ends[i] ?? 0;
    const originEnd = ends[i + 1] ?? 0;
    objects.push({
      json: bytes.toString("utf8", at, jsonEnd),
      origin: bytes.toString("utf8", jsonEnd, originEnd),
    });
    at = originEnd;
    if (at - turn > bytesOfTurn || objects.length % objectsOfTurn === 0) {
      turn = at;
      await nextTurn();
    }
  }
  return objects;
}
