import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { type AuditMark, inWords } from "./harness/audit.ts";
import { total } from "./harness/metrics.ts";
import { chart } from "./harness/sources.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const randomSecret = `
apiVersion: v1
kind: Secret
metadata:
  name: random
stringData:
  password: {{ randAlphaNum 32 | quote }}
  digits: {{ randNumeric 16 | quote }}
  bytes: {{ randBytes 24 | quote }}
  number: {{ randInt 0 1000000000 | quote }}
  id: {{ uuidv4 | quote }}
  order: {{ shuffle "abcdefghijklmnopqrstuvwxyz" | quote }}
  keys: {{ keys (dict "a" 1 "b" 2 "c" 3 "d" 4 "e" 5 "f" 6 "g" 7 "h" 8 "i" 9) | join "," | quote }}
  login: {{ htpasswd "me" "secret" | quote }}
  sealed: {{ encryptAES "secretkey" "plaintext" | quote }}
  key: {{ genPrivateKey "ed25519" | quote }}
`;
const certificates = `
{{- $ca := genCA "shop" 365 }}
{{- $cert := genSignedCert "shop.example" (list "127.0.0.1") (list "shop.example") 30 $ca }}
{{- $own := genSelfSignedCertWithKey "own.example" nil nil 30 (genPrivateKey "ecdsa") }}
apiVersion: v1
kind: Secret
metadata:
  name: certificates
stringData:
  ca: {{ $ca.Cert | quote }}
  cert: {{ $cert.Cert | quote }}
  key: {{ $cert.Key | quote }}
  own: {{ $own.Cert | quote }}
`;
const clock = `
apiVersion: v1
kind: ConfigMap
metadata:
  name: clock
data:
  at: {{ now | unixEpoch | quote }}
`;

/** What does not change with the time of the commit. */
const drawn = ["password", "digits", "bytes", "number", "id", "order", "login", "sealed", "key"];

/** Keys take long, and the machine may be busy. */
const readyDeadlineMs = 120_000;

async function install(
  namespace: string,
  templates: Readonly<Record<string, string>> = {},
): Promise<ApplicationHandle> {
  const tenant = await world.createTenant(namespace);
  const app = await tenant.application("shop", {
    files: {
      ...chart("deploy", {
        name: "web",
        templates: { "random.yaml": randomSecret, "clock.yaml": clock, ...templates },
      }),
      "README.md": "First",
    },
  });
  await app.ready(undefined, readyDeadlineMs);
  return app;
}

async function valuesOf(namespace: string, name = "random"): Promise<Record<string, string>> {
  const { data } = await world.api.read("Secret", namespace, name);
  return Object.fromEntries(
    Object.entries(data as Record<string, string>).map(([key, value]) => [
      key,
      Buffer.from(value, "base64").toString(),
    ]),
  );
}

/** Of anything, the application's own object and Events included. */
async function writes(mark: AuditMark, namespace: string): Promise<string[]> {
  return (await world.audit.writesSince(mark))
    .filter(({ objectRef }) => objectRef?.namespace === namespace)
    .map(inWords);
}

/** Asks for a look and waits for its answer: that of a run which rendered. */
async function look(app: ApplicationHandle): Promise<void> {
  await app.refresh(readyDeadlineMs);
  await app.ready(undefined, readyDeadlineMs);
}

test("a restart writes nothing, though every value of the chart is drawn at random", async () => {
  const app = await install("restarted", { "certificates.yaml": certificates });
  const before = [await valuesOf("restarted"), await valuesOf("restarted", "certificates")];
  await world.controller.end("SIGTERM");
  const mark = await world.audit.mark();
  world.controller = await world.controllers.start();
  await look(app);
  // The look is answered in the status, and nowhere else.
  const answers = (await writes(mark, "restarted")).filter(
    (write) => write !== "patch applications/status restarted/shop",
  );
  expect(answers).toEqual([]);
  const after = [await valuesOf("restarted"), await valuesOf("restarted", "certificates")];
  expect(after).toEqual(before);
  const [, { ca = "", cert = "" } = {}] = after;
  expect(new X509Certificate(cert).verify(new X509Certificate(ca).publicKey)).toBe(true);
  // The renders that follow restart the controller again: keys are not drawn in each of them.
  await app.delete();
  await app.gone();
});

test("a restart that nobody asks anything writes nothing at all, status and Events included", async () => {
  const app = await install("silent");
  await world.controller.end("SIGTERM");
  const mark = await world.audit.mark();
  world.controller = await world.controllers.start();
  await waitFor(
    "its run",
    async () => total(await world.controller.metrics(), "mooring_reconciles_total", app.labels),
    Boolean,
    readyDeadlineMs,
  );
  expect(await writes(mark, app.namespace)).toEqual([]);
});

test("after kill -9 and by another replica the same values are drawn", async () => {
  const app = await install("replaced");
  const valuesBefore = await valuesOf("replaced");
  const clockBefore = (await world.api.read("ConfigMap", "replaced", "clock")).data;
  await world.controller.end("SIGKILL");
  const mark = await world.audit.mark();
  world.controller = await world.controllers.start({ identity: "replica-1" });
  await look(app);
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
  expect(await valuesOf("replaced")).toEqual(valuesBefore);
  expect((await world.api.read("ConfigMap", "replaced", "clock")).data).toEqual(clockBefore);
});

test("without a remembered render, and by other threads, the same values are drawn", async () => {
  const app = await install("forgotten");
  const before = await valuesOf("forgotten");
  await world.controller.end("SIGTERM");
  const mark = await world.audit.mark();
  world.controller = await world.controllers.start({
    flags: ["--render-workers", "4", "--render-cache", "0", "--render-idle", "1s"],
  });
  for (let times = 0; times < 3; times++) {
    // With other work in between, which other threads may have done.
    const fill = await world.createTenant(`filler-${times}`);
    const other = await fill.application("other", {
      files: chart("deploy", { name: "web", templates: { "random.yaml": randomSecret } }),
    });
    await Promise.all([look(app), other.ready(undefined, readyDeadlineMs)]);
  }
  const ofThis = (await world.audit.targetWritesSince(mark)).filter(
    ({ objectRef }) => objectRef?.namespace === app.namespace,
  );
  expect(ofThis.map(inWords)).toEqual([]);
  expect(await valuesOf("forgotten")).toEqual(before);
});

test("commits elsewhere and in the chart change no password; the clock stands at the last commit", async () => {
  const app = await install("pushed");
  const before = await valuesOf("pushed");
  await app.deploy({ "README.md": "Second" }, { date: new Date("2031-01-02T03:04:05Z") });
  expect((await world.api.read("ConfigMap", "pushed", "clock")).data.at).toBe("1925089445");
  const after = await valuesOf("pushed");
  for (const key of [...drawn, "keys"]) expect([key, after[key]]).toEqual([key, before[key]]);
  await app.deploy({ "deploy/templates/second.yaml": clock.replace("clock", "second") });
  const last = await valuesOf("pushed");
  for (const key of [...drawn, "keys"]) expect([key, last[key]]).toEqual([key, before[key]]);
});

test("another application draws other values of the same chart", async () => {
  await Promise.all([install("one"), install("two")]);
  const [one, two] = await Promise.all([valuesOf("one"), valuesOf("two")]);
  for (const key of drawn) expect([key, one[key]]).not.toEqual([key, two[key]]);
  expect(one.keys).toBe("a,b,c,d,e,f,g,h,i");
});
