/** After the tour: what to try, and what the controller does with it, until somebody ends it. */
import { dirname } from "node:path";
import { controlPlaneBinaries } from "../setup/control-plane.mjs";
import { annotations } from "../src/model/application.ts";
import { workloadsOf } from "./manifests.ts";
import type { Playground } from "./playground.ts";

/** Remarks stand in a column, behind commands that leave room for it. */
const remarkColumn = 52;

export function printInvitation(playground: Playground): void {
  const { application, clone, controller, gitUrl, manifests, narrator, plane } = playground;
  const { namespace, name } = application.ref;
  const workload = workloadsOf(manifests).at(-1);
  const deployment = workload?.object.metadata.name;
  const where = workload?.object.metadata.namespace ?? application.destination;
  const lines: readonly (readonly [command: string, remark?: string])[] = [
    [`export KUBECONFIG=${plane.adminKubeconfig}`],
    [`export PATH=${dirname(controlPlaneBinaries().kubectl)}:$PATH`, "the kubectl that fits"],
    ["kubectl get applications -A -o wide"],
    [`kubectl describe application ${name} -n ${namespace}`],
    ...(deployment === undefined
      ? []
      : ([
          [`kubectl scale deployment/${deployment} -n ${where} --replicas=7`, "healed"],
          [`kubectl delete deployment/${deployment} -n ${where}`, "made again"],
        ] as const)),
    [`git clone ${gitUrl}`, `or use ${clone.directory}`],
    [`git commit -am "..." && git push`, `seen within ${application.interval}, or at once by:`],
    [
      `kubectl annotate application ${name} -n ${namespace} --overwrite ${annotations.refresh}="$(date)"`,
    ],
    [`curl -s ${controller.url}/metrics | grep ^mooring_`],
    [`tail -f ${controller.log.path}`],
  ];
  narrator.print(`\n${narrator.paint("bold", "It goes on running. In another terminal:")}\n`);
  for (const [command, remark] of lines) {
    const text = remark === undefined ? command : `${command.padEnd(remarkColumn)}  # ${remark}`;
    narrator.print(`  ${text}`);
  }
  narrator.print("\nCtrl-C ends all of it and leaves nothing behind. What the controller does:\n");
}
