import { defineConfig } from "vitest/config";

/** Later groups start once the earlier ones have ended: what fails fast fails first. */
function room(name: string, order: number, seconds: number) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: seconds * 1000,
      hookTimeout: Math.max(seconds, 120) * 1000,
      // What is waited for comes in milliseconds; a busy machine may take a thousand times that.
      expect: { poll: { timeout: 15_000 } },
      sequence: { groupOrder: order },
    },
  };
}

export default defineConfig({
  test: {
    // A process for each file: a control plane ends with the process that started it.
    pool: "forks",
    maxWorkers: 2,
    globalSetup: ["test/lifetime.ts"],
    setupFiles: ["test/worker-lifetime.ts"],
    reporters: ["default", "./test/reporter.ts"],
    projects: [
      room("unit", 0, 60),
      room("contract", 1, 120),
      room("hostile", 2, 120),
      room("e2e", 3, 300),
    ],
  },
});
