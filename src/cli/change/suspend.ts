/** `mooring suspend` and `mooring resume`: spec.suspend. */
import { annotations } from "../../model/application.ts";
import { specOf } from "../access/application.ts";
import type { Cluster } from "../access/cluster.ts";
import { type Named, named } from "../access/names.ts";
import { neutralLine } from "../output/neutral.ts";
import type { Terminal } from "../output/terminal.ts";
import type { DryRunFlags } from "./flags.ts";
import { isApplied, keeperOf } from "./keeper.ts";

export interface SuspendFlags extends DryRunFlags {
  reason?: string;
}

/** @param suspend whether they are to stand still from now on. @returns the exit code */
export async function setSuspended(
  cluster: Cluster,
  names: readonly string[],
  suspend: boolean,
  flags: SuspendFlags,
  terminal: Terminal,
): Promise<number> {
  for (const name of names) {
    await setOne(cluster, named(name, cluster.namespace), suspend, flags, terminal);
  }
  return 0;
}

async function setOne(
  { applications }: Cluster,
  { namespace, name }: Named,
  suspend: boolean,
  { reason, dryRun }: SuspendFlags,
  terminal: Terminal,
): Promise<void> {
  const who = `${namespace}/${name}`;
  const object = await applications.get(namespace, name);
  const before = object.metadata.annotations?.[annotations.suspendReason];
  const wanted = suspend ? (reason ?? before) : undefined;
  const word = suspend ? "suspended" : "resumed";
  if ((specOf(object).suspend === true) === suspend && wanted === before) {
    terminal.write(`${who} ${suspend ? "is suspended already" : "is not suspended"}\n`);
    return;
  }
  const keeper = await keeperOf(object, applications);
  const patch = {
    metadata: { annotations: { [annotations.suspendReason]: wanted ?? null } },
    spec: { suspend },
  };
  await applications.patch(namespace, name, patch, { dryRun: dryRun !== undefined });
  terminal.write(
    `${who} ${word}${wanted === undefined ? "" : `: ${neutralLine(wanted)}`}${dryRun === undefined ? "" : " (server dry run)"}\n`,
  );
  if (keeper !== undefined) {
    terminal.note(
      isApplied(object, "suspend")
        ? `warning: ${keeper} sets spec.suspend of ${who}, and will put it back: change it there`
        : `note: ${who} is itself kept by ${keeper}: should its source say spec.suspend, this is put back`,
    );
  }
  terminal.note(
    suspend
      ? `its objects stay as they are, and nothing is healed. Go on with: mooring resume ${name} -n ${namespace}`
      : `see: mooring get ${name} -n ${namespace} --watch`,
  );
}
