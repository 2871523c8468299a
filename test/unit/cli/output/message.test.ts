import { expect, test } from "vitest";
import { terminalMessage } from "../../../../src/cli/output/message.ts";
import { Problem } from "../../../../src/model/problem.ts";

test("a message commands no terminal, whatever files are called", () => {
  const name = "a\u001b]0;b\u0007\u009b2J\r";
  for (const error of [new Error(name), new Problem("InvalidManifest", `${name}\n\tc`)])
    expect(terminalMessage(error)).toMatch(/^a\ufffd]0;b\ufffd\ufffd2J\ufffd/);
  expect(terminalMessage(new Problem("InvalidManifest", "a\n\tb"))).toBe("a\n\tb.");
});
