/** What one tenant's charts and kustomizations do to the controller, and to the others in it: nothing. */
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import type { ApplicationHandle } from "../e2e/harness/application-handle.ts";
import { account } from "../e2e/harness/installation.ts";
import { configMap, manifest } from "../e2e/harness/manifests.ts";
import { total } from "../e2e/harness/metrics.ts";
import { chart, configMapTemplate, kustomization } from "../e2e/harness/sources.ts";
import { waitFor } from "../e2e/harness/wait.ts";
import { startWorld, type World } from "../e2e/harness/world.ts";
import type { Change } from "../git/repository.ts";

const canary = `canary-${randomBytes(12).toString("hex")}`;
const password = `sentinel-${randomBytes(8).toString("hex")}`;
const deadlineMs = 90_000;
/** At the peak: two threads of 256 MiB each, their code, and the controller. */
const mostMiB = 1_400;

let world: World;
let directory: string;
let canaryFile: string;
let kubeconfig: string;
let siblings: Record<"plain" | "kustomize" | "helm", ApplicationHandle>;

const colour = {
  plain: (v: string) => ({ "deploy/a.yaml": manifest(configMap("plain", { v })) }),
  kustomize: (v: string) =>
    kustomization(
      "deploy",
      { resources: ["a.yaml"] },
      { "a.yaml": manifest(configMap("kustomize", { v })) },
    ),
  helm: (v: string) =>
    chart("deploy", {
      name: "web",
      templates: { "a.yaml": configMapTemplate("helm", { v: `"${v}"` }) },
    }),
} as const;
type Sibling = keyof typeof colour;
const kinds = Object.keys(colour) as Sibling[];

beforeAll(async () => {
  world = await startWorld({
    controller: {
      env: { CANARY: canary },
      flags: [
        ...["--render-timeout", "4s", "--render-memory", "256Mi", "--render-workers", "2"],
        ...["--log-level", "debug"],
      ],
    },
  });
  directory = await mkdtemp(join(tmpdir(), "mooring-canary-"));
  canaryFile = join(directory, "canary.yaml");
  await writeFile(canaryFile, manifest(configMap(canary, {})));
  kubeconfig = await world.plane.kubeconfigFor(account);
  const tenant = await world.createTenant("honest");
  const applications = await Promise.all(
    kinds.map(async (kind) => {
      const app = await tenant.application(kind, { files: colour[kind]("0") });
      await app.ready(undefined, deadlineMs);
      return [kind, app] as const;
    }),
  );
  siblings = Object.fromEntries(applications) as typeof siblings;
}, 180_000);
afterAll(async () => {
  await world?.stop();
  await rm(directory, { recursive: true, force: true });
});

const template = (text: string) =>
  chart("deploy", { name: "web", templates: { "bad.yaml": text } });
const built = (fields: Record<string, unknown>, files: Record<string, string> = {}) =>
  kustomization("deploy", fields, files);
const bomb = [..."abcdefghi"]
  .map((name, n, all) => `${name}: &${name} [${Array(9).fill(n === 0 ? "x" : `*${all[n - 1]}`)}]`)
  .join("\n");

/** Application -> its files, and why it is refused. */
const takers: Record<string, readonly [Record<string, Change>, string]> = {
  loop: [
    template("{{ range until 99999 }}{{ range until 99999 }}{{ end }}{{ end }}"),
    "LimitExceeded",
  ],
  again: [
    template("{{ range until 99998 }}{{ range until 99998 }}{{ end }}{{ end }}"),
    "LimitExceeded",
  ],
  memory: [template("{{ range until 1000000000 }}x{{ end }}"), "LimitExceeded"],
  output: [
    template('{{ range until 1000 }}# {{ repeat 1000000 "x" }}\n{{ end }}'),
    "LimitExceeded",
  ],
  aliases: [
    built({ resources: ["b.yaml"] }, { "b.yaml": `${manifest(configMap("b", {}))}${bomb}\n` }),
    "LimitExceeded",
  ],
  values: [{ ...template("a: {{ .Values.a }}"), "deploy/values.yaml": bomb }, "InvalidManifest"],
  deep: [template(`a: ${"[".repeat(20_000)}`), "InvalidManifest"],
  circle: [
    { ...built({ resources: ["../b"] }), ...kustomization("b", { resources: ["../deploy"] }) },
    "InvalidManifest",
  ],
  links: [
    {
      ...template(configMapTemplate("a", {})),
      "deploy/x/a": "a",
      ...Object.fromEntries(
        Array.from({ length: 5_000 }, (_, n): [string, Change] => [
          `deploy/l${n}`,
          { symlink: `${"x/../".repeat(700)}x/a` },
        ]),
      ),
    },
    "LimitExceeded",
  ],
};

test("what takes all time and memory is ended, and its siblings reconcile and heal meanwhile", async () => {
  const tenant = await world.createTenant("takers");
  const attacks = await Promise.all(
    Object.entries(takers).map(async ([name, [files, reason]]) => ({
      app: await tenant.application(name, { files }),
      reason,
    })),
  );
  for (const round of ["1", "2"]) {
    await Promise.all(
      kinds.map(async (kind) => {
        const app = siblings[kind];
        const commit = await app.commit(colour[kind](round));
        await app.refresh(deadlineMs);
        await app.ready(commit, deadlineMs);
        await world.api.patch("ConfigMap", "honest", kind, { data: { v: "red" } });
        await waitFor(
          `${kind} to be healed`,
          () => world.api.read("ConfigMap", "honest", kind),
          ({ data }) => data.v === round,
          deadlineMs,
        );
      }),
    );
  }
  for (const { app, reason } of attacks) {
    const { message } = await app.condition("Ready", "False", reason, deadlineMs);
    expect([app.name, message]).toEqual([app.name, expect.stringMatching(/deploy|\bb\//)]);
    expect(await app.told(reason)).toHaveLength(1);
  }
  const status = await readFile(`/proc/${world.controller.pid}/status`, "utf8");
  const [, peakKiB = ""] = /VmHWM:\s+(\d+) kB/.exec(status) ?? [];
  expect(Number(peakKiB) / 1024).toBeLessThan(mostMiB);
  expect(await world.controller.log()).not.toContain("Lease lost");
}, 300_000);

test("a render that is past its deadline is not begun anew with each event, and heals go on", async () => {
  const tenant = await world.createTenant("repeated");
  const app = await tenant.application("shop", { files: colour.helm("1") });
  await app.ready(undefined, deadlineMs);
  const [loop = {}] = takers.loop ?? [];
  await app.push(loop);
  await app.condition("Ready", "False", "LimitExceeded", deadlineMs);
  const renders = async () =>
    total(await world.controller.metrics(), "mooring_renders_total", {
      ...app.labels,
      result: "LimitExceeded",
    });
  const before = await renders();
  for (let times = 0; times < 4; times++) {
    await world.api.patch("ConfigMap", "repeated", "helm", { data: { v: "red" } });
    await waitFor(
      "the heal",
      () => world.api.read("ConfigMap", "repeated", "helm"),
      ({ data }) => data.v === "1",
      deadlineMs,
    );
  }
  const repairs = { "deploy/templates/bad.yaml": null };
  await app.push(repairs);
  await app.ready(undefined, deadlineMs);
  expect(await renders()).toBe(before);
}, 300_000);

test("nothing outside of the repository is in anything that the controller says or makes", async () => {
  const remote = `https://me:${password}@git.example/base?token=${password}`;
  const reaching: Record<string, Record<string, Change>> = {
    file: built({ resources: [canaryFile] }),
    up: built({ configMapGenerator: [{ name: "a", files: [`../../../../../..${canaryFile}`] }] }),
    link: { ...built({ resources: ["c.yaml"] }), "deploy/c.yaml": { symlink: canaryFile } },
    token: { ...built({ resources: ["c.yaml"] }), "deploy/c.yaml": { symlink: kubeconfig } },
    environ: {
      ...built({ secretGenerator: [{ name: "a", files: ["c"] }] }),
      "deploy/c": { symlink: "/proc/self/environ" },
    },
    env: template('{{ env "CANARY" }}'),
    expand: template('{{ expandenv "$CANARY" }}'),
    mount: built({ resources: ["/var/run/secrets/kubernetes.io/serviceaccount/token"] }),
    remote: built({ resources: [remote] }),
    literal: built({ secretGenerator: [{ name: "a", literals: [password] }] }),
    fail: {
      ...template("{{ fail .Values.database.password }}"),
      "deploy/values.yaml": `database: { password: ${password} }\n`,
    },
    schema: {
      ...template(configMapTemplate("a", {})),
      "deploy/values.schema.json": JSON.stringify({ $ref: `file://${canaryFile}` }),
    },
  };
  const harmless: Record<string, Record<string, Change>> = {
    get: template(configMapTemplate("get", { v: `{{ .Files.Get "${canaryFile}" | quote }}` })),
    glob: template(configMapTemplate("glob", { v: '{{ (.Files.Glob "/**").AsConfig | quote }}' })),
    lookup: template(
      configMapTemplate("lookup", { v: '{{ lookup "v1" "Secret" "" "" | toJson | quote }}' }),
    ),
  };
  const tenant = await world.createTenant("reaching");
  const refused = await Promise.all(
    Object.entries(reaching).map(([name, files]) => tenant.application(name, { files })),
  );
  const rendered = await Promise.all(
    Object.entries(harmless).map(([name, files]) => tenant.application(name, { files })),
  );
  for (const app of refused) await app.condition("Ready", "False", undefined, deadlineMs);
  for (const app of rendered) await app.ready(undefined, deadlineMs);
  for (const app of refused) {
    const { status } = await app.get();
    const ready = status?.conditions?.find(({ type }) => type === "Ready");
    expect([app.name, ready?.message]).toEqual([app.name, expect.stringContaining("deploy/")]);
    await app.told(ready?.reason ?? "");
  }
  const { users } = parse(await readFile(kubeconfig, "utf8")) as {
    users: [{ user: { token: string } }];
  };
  const all = [
    ...(await Promise.all(
      (["ConfigMap", "Secret", "Application", "Event"] as const).map((kind) =>
        world.api.list(kind, "reaching"),
      ),
    )),
    await world.controller.metrics(),
    await world.controller.log(),
  ];
  const said = JSON.stringify(all).replaceAll(/\\+n/g, "\n");
  expect(said).toContain("git.example");
  for (const secret of [canary, password, users[0].user.token, "root:x:0:"])
    expect(said.includes(secret) ? said.slice(said.indexOf(secret) - 300).slice(0, 400) : "").toBe(
      "",
    );
}, 300_000);
