/** A day of an application, in which the controller does all that it ever does as itself. */
import type { Change } from "../../git/repository.ts";
import type { ApplicationHandle } from "../harness/application-handle.ts";
import type { KubeApi } from "../harness/kube-api.ts";
import { configMap, manifest } from "../harness/manifests.ts";
import type { Tenant } from "../harness/tenant.ts";
import { waitFor } from "../harness/wait.ts";

const label = "applyset.kubernetes.io/part-of";

/**
 * Deploys, tells, heals, follows a commit, prunes, and goes.
 * @param isStale whether the controller has read the Application anew, because its version was old
 * @param more files besides
 */
export async function liveADay(
  tenant: Tenant,
  name: string,
  api: KubeApi,
  isStale: () => Promise<boolean>,
  more: Readonly<Record<string, Change>> = {},
): Promise<void> {
  const namespace = tenant.name;
  const app = await tenant.application(name, {
    files: {
      "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue" })),
      "deploy/banner.yaml": manifest(configMap("banner", { text: "open" })),
      ...more,
    },
  });
  await app.condition("Synced", "True", undefined, 60_000);
  await waitFor(
    "an Event",
    () => app.events(),
    ({ length }) => length > 0,
  );
  const colour = async () => (await api.read("ConfigMap", namespace, "settings")).data.colour;

  await api.patch("ConfigMap", namespace, "settings", { data: { colour: "black" } });
  await waitFor("the heal", colour, (now) => now === "blue");
  // A watch that selects by the label says of this object that it is gone.
  await api.patch("ConfigMap", namespace, "settings", { metadata: { labels: { [label]: null } } });
  await waitFor(
    "the label",
    () => api.read("ConfigMap", namespace, "settings"),
    ({ metadata }) => metadata.labels?.[label] !== undefined,
  );

  await app.push({ "deploy/banner.yaml": null });
  await waitFor(
    "the prune",
    () => api.get("ConfigMap", namespace, "banner"),
    (banner) => banner === undefined,
  );
  await whileSomebodyWrites(app, isStale);
  // The prune guard would hold workloads.
  if (Object.keys(more).length > 0) await app.configure({ deletionPolicy: "orphan" });
  await app.delete();
  await app.gone(60_000);
}

/** Notes on the Application, one after another, until a status was written over a version that is old. */
async function whileSomebodyWrites(
  app: ApplicationHandle,
  isStale: () => Promise<boolean>,
): Promise<void> {
  let seen = false;
  const notes = async () => {
    for (let note = 0; !seen; note += 1) await app.annotate({ "team.example/note": `${note}` });
  };
  const looks = async () => {
    try {
      while (!(await isStale())) await app.refresh(60_000);
    } finally {
      seen = true;
    }
  };
  await Promise.all([notes(), looks()]);
}
