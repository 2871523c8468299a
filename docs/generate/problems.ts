/** Every problem code, from the error catalogue. */
import { catalogue } from "../../src/model/problem.ts";
import { code, plain, table } from "./markdown.ts";
import { type Page, page } from "./page.ts";

export function problemsPage(): Page {
  return page("docs/reference/problems.md", "src/model/problem.ts", [
    "# Problem codes",
    "The reason of conditions and Events, and the label `code` of `mooring_problems_total`. The message beside it names the object, the field and the file, as far as they are known.",
    [
      "- **transient**: tried again, with the back-off of `spec.retry`.",
      "- **terminal**: not repeated until the Application, the revision or what the cluster serves has changed.",
      "- **blocked**: waits for somebody (a permission, an approval, another owner) and is looked at again at a slow pace.",
    ].join("\n"),
    table(
      ["code", "kind", "what to do"],
      Object.entries(catalogue).map(([name, { retry, advice }]) => [
        code(name),
        retry,
        plain(advice),
      ]),
    ),
  ]);
}
