/** An endless stream of bytes that nobody can tell from random ones who does not know the seed. */
import { createCipheriv, createHash } from "node:crypto";

/** Fills what it is given with the stream's next bytes. */
export type RandomStream = (into: Uint8Array) => void;

/** AES-256 in counter mode: equal seeds and purposes, equal streams. */
export function seededRandom(seed: Uint8Array, purpose: string): RandomStream {
  const key = createHash("sha256").update(`mooring renderer ${purpose}\0`).update(seed).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  return (into) => {
    into.set(cipher.update(Buffer.alloc(into.byteLength)));
  };
}
