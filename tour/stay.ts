/** After the tour: what to try, and what the controller does with it, until somebody ends it. */
import { dirname } from "node:path";
import { controlPlaneBinaries } from "../setup/control-plane.mjs";
import { annotations } from "../src/model/application.ts";
import { workloadsOf } from "./manifests.ts";
import type { Playground } from "./playground.ts";

export function printInvitation(playground: Playground): void {
  const { application, clone, controller, gitUrl, manifests, narrator, plane } = playground;
  const { namespace, name } = application.ref;
  const workload = workloadsOf(manifests).at(-1);
  const deployment = workload?.object.metadata.name;
  const where = workload?.object.metadata.namespace ?? application.destination;
  const lines = [
    `export KUBECONFIG=${plane.adminKubeconfig} PATH=${dirname(controlPlaneBinaries().kubectl)}:$PATH`,
    "kubectl get applications -A -o wide",
    `kubectl describe application ${name} -n ${namespace}`,
    ...(deployment === undefined
      ? []
      : [
          `kubectl scale deployment/${deployment} -n ${where} --replicas=7   # healed`,
          `kubectl delete deployment/${deployment} -n ${where}   # made again`,
        ]),
    `git clone ${gitUrl}   # or use ${clone.directory}`,
    `git commit -am "..." && git push   # seen within ${application.interval}, or at once after:`,
    `kubectl annotate application ${name} -n ${namespace} --overwrite ${annotations.refresh}="$(date)"`,
    `curl -s ${controller.url}/metrics | grep ^mooring_`,
    `tail -f ${controller.log.path}`,
  ];
  narrator.print(`\n${narrator.paint("bold", "It goes on running. In another terminal:")}\n`);
  for (const line of lines) narrator.print(`  ${line}`);
  narrator.print("\nCtrl-C ends all of it and leaves nothing behind. What the controller does:\n");
}
