/** What came of it, and where to look next. */
import { redactText } from "../../status/redaction.ts";
import { conditionOf, shortRevision, statusOf } from "../access/application.ts";
import type { Named } from "../access/names.ts";
import { coloured } from "../output/colour.ts";
import { neutralLine } from "../output/neutral.ts";
import { type Column, table } from "../output/table.ts";
import type { Terminal } from "../output/terminal.ts";
import { standingOf, type Waited } from "./waiting.ts";

type Trouble = NonNullable<ReturnType<typeof statusOf>["problems"]>[number];

/**
 * Says whether the Application is Ready in the end, and which of its objects are not fine.
 * @returns the exit code
 */
export function tellOutcome(waited: Waited, app: Named, terminal: Terminal): 0 | 1 {
  const { object } = waited;
  const who = `${app.namespace}/${app.name}`;
  const status = statusOf(object);
  if (waited.state === "held" && standingOf(object) === "ready") {
    const counts = status.objects === undefined ? "" : `, ${plural(status.objects.total)}`;
    const at = neutralLine(shortRevision(status.revision));
    terminal.write(`${who} is ${coloured("Ready", "good", terminal.colour)} at ${at}${counts}\n`);
    return 0;
  }
  const late = waited.state === "timeout" ? " in time" : "";
  const { reason = "Unknown", message = "" } = conditionOf(object, "Ready") ?? {};
  terminal.write(
    `${who} is ${coloured(`not Ready${late}`, "bad", terminal.colour)}: ${neutralLine(`${reason}: ${redactText(message)}`)}\n`,
  );
  if (status.problems !== undefined && status.problems.length > 0) {
    terminal.write(table(columns, status.problems, terminal));
  }
  terminal.note(
    `see: mooring get ${app.name} -n ${app.namespace} -o wide; mooring events ${app.name} -n ${app.namespace}`,
  );
  return 1;
}

const columns: readonly Column<Trouble>[] = [
  { header: "STATE", cell: ({ state }) => state },
  {
    header: "NAMESPACE",
    cell: ({ namespace }) => namespace ?? "",
    expendable: 1,
    tone: () => undefined,
  },
  { header: "KIND", cell: ({ kind }) => kind, tone: () => undefined },
  { header: "NAME", cell: ({ name }) => name, tone: () => undefined },
  {
    header: "MESSAGE",
    cell: ({ message }) => redactText(message),
    least: 20,
    tone: () => undefined,
  },
];

export function plural(count: number): string {
  return count === 1 ? "1 object" : `${count} objects`;
}
