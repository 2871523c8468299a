import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { download, published, type Source } from "../../../setup/download.mjs";

let place: string;
let server: Server;
let base: string;
const files = new Map<string, Buffer | string>();
const { signal } = new AbortController();

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "mooring-download-"));
  await mkdir(join(place, "into"));
  files.clear();
  server = createServer((request, response) => {
    const content = files.get(request.url ?? "");
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await rm(place, { recursive: true });
});

function source(more: Partial<Source> = {}): Source {
  const url = `${base}/kubectl`;
  return { name: "kubectl", url, digestUrl: `${url}.sha256`, algorithm: "sha256", ...more };
}

function sha256(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}

describe("a download", () => {
  test("that has the published digest becomes an executable program", async () => {
    files.set("/kubectl", "program").set("/kubectl.sha256", sha256("program"));
    await download(source(), join(place, "into"), { signal });
    expect(await readFile(join(place, "into/kubectl"), "utf8")).toBe("program");
    expect((await stat(join(place, "into/kubectl"))).mode & 0o111).toBe(0o111);
  });

  test("that has another digest is refused, and leaves nothing", async () => {
    files.set("/kubectl", "tampered").set("/kubectl.sha256", sha256("program"));
    await expect(download(source(), join(place, "into"), { signal })).rejects.toThrow(
      "does not have the published sha256 digest",
    );
    expect(await readdir(join(place, "into"))).toEqual([]);
  });

  test.each([
    ["no digest is published", { digestUrl: "/none" }, "answers 404"],
    ["the list of digests names other files only", { digestUrl: "/others" }, "does not name"],
  ])("is refused where %s", async (_why, { digestUrl }, message) => {
    files.set("/kubectl", "program");
    files.set("/others", `${sha256("program")}  kubelet\n${sha256("x")}  kube-proxy\n`);
    const from = source({ digestUrl: base + digestUrl });
    await expect(download(from, join(place, "into"), { signal })).rejects.toThrow(message);
    expect(await readdir(join(place, "into"))).toEqual([]);
  });

  test("of an archive brings the one program in it that is wanted", async () => {
    await mkdir(join(place, "etcd-v1"));
    await writeFile(join(place, "etcd-v1/etcd"), "program");
    await writeFile(join(place, "etcd-v1/etcdctl"), "other");
    execFileSync("tar", ["-czf", join(place, "etcd.tar.gz"), "-C", place, "etcd-v1"]);
    const archive = await readFile(join(place, "etcd.tar.gz"));
    files.set("/etcd.tar.gz", archive);
    files.set("/SHA256SUMS", `${sha256("x")}  other\n${sha256(archive)}  etcd.tar.gz\n`);
    const from = source({
      name: "etcd",
      url: `${base}/etcd.tar.gz`,
      digestUrl: `${base}/SHA256SUMS`,
      member: "etcd-v1/etcd",
    });
    await download(from, join(place, "into"), { signal });
    expect(await readdir(join(place, "into"))).toEqual(["etcd"]);
    expect(await readFile(join(place, "into/etcd"), "utf8")).toBe("program");
  });

  test("is offered only for what its project publishes digests of", () => {
    expect(published("kwok", "v1.0.0", "linux-amd64", ["kwok"])).toEqual([]);
    expect(published("kubernetes", "v1.36.3", "linux-arm64", ["kubectl"])).toEqual([
      {
        name: "kubectl",
        url: "https://dl.k8s.io/v1.36.3/bin/linux/arm64/kubectl",
        digestUrl: "https://dl.k8s.io/v1.36.3/bin/linux/arm64/kubectl.sha512",
        algorithm: "sha512",
      },
    ]);
  });
});
