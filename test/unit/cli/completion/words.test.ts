import { Command, Option } from "commander";
import { describe, expect, test } from "vitest";
import { expectedIn, lineOf } from "../../../../src/cli/completion/words.ts";

const command = new Command("get")
  .argument("[app...]")
  .option("-n, --namespace <name>")
  .option("-w, --watch")
  .addOption(new Option("-o, --output <format>").choices(["json", "yaml"]))
  .addOption(new Option("--label <text>").argParser((value: string) => value));

const expected = (...words: string[]) => {
  const line = lineOf(words);
  const answer = expectedIn(line.verb === "get" ? command : undefined, line);
  switch (answer.kind) {
    case "value":
      return `${answer.prefix}${answer.option.long}`;
    case "flag":
      return answer.flags.map(({ long }) => long).join(" ");
    case "argument":
      return `${answer.argument.name()} after ${answer.before.join(",")}`;
    default:
      return answer.kind;
  }
};

describe("the last word", () => {
  test("is a verb where there is none yet, and nothing behind one that nobody knows", () => {
    expect([expected(""), expected("ge"), expected("nope", ""), expected("-")]).toEqual([
      ...["verb", "verb", "nothing", "nothing"],
    ]);
  });

  test("is the value of the flag before it, however it is written", () => {
    expect(expected("get", "-n", "")).toBe("--namespace");
    expect(expected("get", "--output", "")).toBe("--output");
    expect(expected("get", "--output=js")).toBe("--output=--output");
    // bash splits at the equals sign.
    expect(expected("get", "--output", "=", "js")).toBe("--output=--output");
    expect(expected("get", "--output", "=")).toBe("--output=--output");
  });

  test("is a flag that was not given yet, unless it may be given again", () => {
    expect(expected("get", "-w", "--label", "a", "-")).toBe("--namespace --output --label");
    expect(expected("get", "--output=json", "shop", "--")).toBe("--namespace --watch --label");
  });

  test("is an argument behind flags and their values, and behind --", () => {
    expect(expected("get", "")).toBe("app after ");
    expect(expected("get", "-n", "shop", "-w", "a", "b")).toBe("app after a");
    expect(expected("get", "-n=shop", "a", "")).toBe("app after a");
    expect(expected("get", "--", "-w", "-")).toBe("app after -w");
  });

  test("is nothing behind the last argument", () => {
    const one = new Command("tree").argument("<app>");
    expect(expectedIn(one, lineOf(["tree", "a", ""])).kind).toBe("nothing");
    expect(expectedIn(one, lineOf(["tree", ""])).kind).toBe("argument");
  });
});
