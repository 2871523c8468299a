import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { withLock } from "../../../setup/lock.mjs";

const module = new URL("../../../setup/lock.mjs", import.meta.url).href;
const directory = join(tmpdir(), `mooring-lock-${process.pid}`);
let holder: ChildProcess | undefined;

afterEach(() => holder?.kill("SIGKILL"));

/** Another process that holds the lock and never lets go. */
async function hold(): Promise<ChildProcess> {
  const script = `
    import { withLock } from ${JSON.stringify(module)};
    const { signal } = new AbortController();
    await withLock("test", ${JSON.stringify(directory)}, signal, () => new Promise(() => {
      console.log("held");
      setInterval(() => {}, 1000);
    }));`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

describe("the set-up lock", () => {
  test("is let go when its holder is killed", async () => {
    holder = await hold();
    const { signal } = new AbortController();
    let killed = false;
    const taken = withLock("test", directory, signal, async () => killed);
    killed = true;
    holder.kill("SIGKILL");
    expect(await taken).toBe(true);
  });

  test("lets in one after the other, also after one that failed", async () => {
    const { signal } = new AbortController();
    let inside = 0;
    const work = async () => {
      inside += 1;
      expect(inside).toBe(1);
      await new Promise(setImmediate);
      inside -= 1;
    };
    const failing = withLock("test", directory, signal, async () => {
      await work();
      throw new Error("failed");
    });
    const others = [1, 2, 3].map(() => withLock("test", directory, signal, work));
    await expect(failing).rejects.toThrow("failed");
    await Promise.all(others);
  });

  test("is not waited for by who is interrupted", async () => {
    holder = await hold();
    const controller = new AbortController();
    const waiting = withLock("test", directory, controller.signal, async () => "entered");
    controller.abort(new Error("interrupted"));
    await expect(waiting).rejects.toThrow("interrupted");
  });
});
