/** What Mooring renders of a chart is what `helm template` prints. */
import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RenderSource } from "../../../../src/render/source.ts";
import { brokenCharts, type ChartCase, charts, cluster } from "./charts.ts";
import { commitTime, type Fixtures, plantFixtures } from "./fixtures.ts";
import { type Mooring, startMooring } from "./mooring.ts";
import { type ChartCall, helmTemplate, type OfficialObject } from "./official.ts";
import { randomTexts } from "./random-texts.ts";

let fixtures: Fixtures;
let mooring: Mooring;
beforeAll(async () => {
  fixtures = await plantFixtures();
  mooring = startMooring(fixtures.snapshot);
});
afterAll(async () => {
  await mooring?.close();
  await fixtures?.stop();
});

function callOf({ chart, releaseName = "rel", capabilities = cluster, helm }: ChartCase) {
  const call = { path: `charts/${chart}`, releaseName, namespace: "ns", capabilities };
  return helm === undefined ? call : { ...call, helm };
}
const official = (call: ChartCall): Promise<OfficialObject[]> => helmTemplate(fixtures.root, call);
const render = (source: Partial<RenderSource> & { path: string }) => mooring.render(source);

describe("every object is the official Helm's, in its order", () => {
  test.each(Object.entries(charts))("%s", async (_, chart) => {
    const call = callOf(chart);
    const theirs = await official(call);
    const ours = await render(call);
    expect(ours.tool).toBe("helm");
    expect(ours.objects.map(({ object }) => object)).toEqual(theirs.map(({ object }) => object));
    expect(theirs.length).toBeGreaterThan(0);
    // Helm names a template by its chart and aliases, Mooring by its path in the repository, of
    // which an archive has none.
    const aliases = chart.chart === "packed" ? /$^/ : /\/(primary|replica)\//;
    const inChart = (path: string | undefined) =>
      path?.replace(/^[^/]+\//, `${call.path}/`).replace(aliases, "/store/");
    expect(ours.objects.map(({ origin }) => origin)).toEqual(
      theirs.map(({ source }) => inChart(source)),
    );
  });

  test("hooks are marked with what they wait for, and nothing else is", async () => {
    const { objects } = await render(callOf({ chart: "hooks" }));
    const hooks = objects.flatMap(({ object, hook }) =>
      hook ? [[object.metadata.name, hook]] : [],
    );
    expect(Object.fromEntries(hooks)).toMatchObject({
      "rel-migrate": "pre-install,pre-upgrade",
      "rel-post-install": "post-install",
      "rel-test": "test",
    });
    const plain = objects.filter(({ hook }) => hook === undefined);
    expect(plain.map(({ object }) => object.metadata.name)).toEqual([
      "rel-application",
      "rel-beside-hooks",
      "rel-unquoted",
      "rel-after-a-comment",
    ]);
  });

  test("a values file that is missing is passed over where that is allowed", async () => {
    const call = callOf({ chart: "web", helm: { valueFiles: ["values-production.yaml"] } });
    const valueFiles = ["nowhere.yaml", "values-production.yaml", "/nowhere/at/all.yaml"];
    const ours = await render({ ...call, helm: { valueFiles, ignoreMissingValueFiles: true } });
    const theirs = await official(call);
    expect(ours.objects.map(({ object }) => object)).toEqual(theirs.map(({ object }) => object));
  });
});

describe("a chart with random numbers and the time", () => {
  const call = callOf({ chart: "random" });
  const textsOf = (objects: readonly { object: unknown }[]) =>
    Object.fromEntries(
      objects.flatMap(({ object }) =>
        Object.entries((object as { data: Record<string, string> }).data).map(
          ([key, value]) => [key, Buffer.from(value, "base64").toString()] as const,
        ),
      ),
    );

  test("has the official Helm's objects, with other letters in them", async () => {
    const theirs = await official(call);
    const ours = (await render(call)).objects;
    const withoutData = ({ object }: { object: unknown }) => ({ ...(object as object), data: {} });
    expect(ours.map(withoutData)).toEqual(theirs.map(withoutData));
    for (const texts of [textsOf(theirs), textsOf(ours)]) {
      expect(Object.keys(texts).sort()).toEqual(Object.keys(randomTexts).sort());
      for (const [key, form] of Object.entries(randomTexts)) expect(texts[key], key).toMatch(form);
    }
  });

  test("has certificates that hold, from the time of the commit on", async () => {
    const texts = textsOf((await render(call)).objects);
    const authority = new X509Certificate(texts["ca.crt"] ?? "");
    const certificate = new X509Certificate(texts["tls.crt"] ?? "");
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.checkHost("web.example.com")).toBe("web.example.com");
    expect(certificate.validFromDate).toEqual(commitTime);
    expect(texts).toMatchObject({
      now: commitTime.toISOString().replace(".000", ""),
      seconds: String(commitTime.getTime() / 1000),
    });
  });

  test("is the same after a restart, and another for another application", async () => {
    const before = await render(call);
    const restarted = startMooring(fixtures.snapshot);
    try {
      expect((await restarted.render(call)).objects).toEqual(before.objects);
      const other = await restarted.render({ ...call, seed: Buffer.alloc(32, 8) });
      const [ours, others] = [textsOf(before.objects), textsOf(other.objects)];
      const fromTheClock = ["now", "ago", "seconds"];
      for (const key of Object.keys(ours).filter((key) => !fromTheClock.includes(key))) {
        expect(others[key], key).not.toBe(ours[key]);
      }
    } finally {
      await restarted.close();
    }
  });
});

describe("what the official Helm refuses is refused, with the file", () => {
  test.each(Object.entries(brokenCharts))("%s", async (_, { names, says, ...chart }) => {
    const call = callOf(chart);
    await expect(official(call)).rejects.toThrow(says);
    const refused = render(call);
    await expect(refused).rejects.toThrow(says);
    await expect(refused).rejects.toThrow(`charts/${names}`);
  });
});
