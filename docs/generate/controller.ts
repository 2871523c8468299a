/** Flags and variables of the controller, from the schema that reads them. */
import { configFields } from "../../src/cli/controller/config.ts";
import { code, plain, table } from "./markdown.ts";
import { type Page, page } from "./page.ts";

export function controllerPage(): Page {
  return page("docs/reference/controller.md", "src/cli/controller/fields.ts", [
    "# Controller: flags and variables",
    "Of `mooring controller`. A flag wins over its variable, the variable over the default; an empty variable counts as not set. Lists are separated by commas, durations are written like `30s` or `1h30m`, sizes like `128Mi`. An unknown flag, an unknown variable that begins with `MOORING_`, or a value out of its bounds ends the start, and the message names it.",
    table(
      ["flag", "variable", "default", "meaning"],
      configFields.map((field) => [
        `${code(field.flag)} ${code(field.argument)}`,
        [field.variable, ...(field.fallback === undefined ? [] : [field.fallback])]
          .map(code)
          .join(", else "),
        field.default === undefined ? "" : code(field.default) || "none",
        `${plain(field.description)} Takes ${plain(field.allowed)}.`,
      ]),
    ),
    "The image sets besides: `MALLOC_ARENA_MAX`, `MALLOC_MMAP_THRESHOLD_` and `MALLOC_TRIM_THRESHOLD_`, so that memory of renders goes back to the system.",
  ]);
}
