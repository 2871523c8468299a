/**
 * The last line of a test run: `N passed, N failed`. Before it, what was skipped, by name.
 * With MOORING_TEST_COUNTS set, the two numbers go to that file as JSON, for `.ci/run`.
 */
import { writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

export default class CountsReporter implements Reporter {
  /** In a log (no terminal) a long file would be silent until its end. */
  onTestCaseResult(test: TestCase): void {
    const { duration = 0 } = test.diagnostic() ?? {};
    if (process.stdout.isTTY || duration < 5000) return;
    console.log(
      `   ${(duration / 1000).toFixed(1)} s  ${test.module.relativeModuleId}: ${test.fullName}`,
    );
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length };
    for (const module of modules) {
      let failedHere = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") counts.passed += 1;
        else if (state === "failed") failedHere += 1;
        else console.log(`not run (${state}): ${module.relativeModuleId}: ${test.fullName}`);
      }
      // A file that could not be read, or a hook that threw, fails without a failed test.
      if (failedHere === 0 && module.state() === "failed") failedHere = 1;
      counts.failed += failedHere;
    }
    const file = process.env.MOORING_TEST_COUNTS;
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
    console.log(`${counts.passed} passed, ${counts.failed} failed`);
  }
}
