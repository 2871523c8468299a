// The official binaries, each held to the digest that its project publishes.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, mkdtempSync, renameSync, rmSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A host that does not answer by then is out of reach; there is another way. */
const reachMs = 5000;

/**
 * Where a component's programs are published. kwok publishes no digests, so it is always built.
 * @returns {{name: string, url: string, digestUrl: string, algorithm: string, member?: string}[]}
 */
export function published(component, version, platform, names) {
  const [system, architecture] = platform.split("-");
  switch (component) {
    case "kubernetes":
      return names.map((name) => {
        const url = `https://dl.k8s.io/${version}/bin/${system}/${architecture}/${name}`;
        return { name, url, digestUrl: `${url}.sha512`, algorithm: "sha512" };
      });
    case "etcd": {
      const base = `https://github.com/etcd-io/etcd/releases/download/${version}`;
      const archive = `etcd-${version}-${platform}`;
      return names.map((name) => ({
        name,
        url: `${base}/${archive}.tar.gz`,
        digestUrl: `${base}/SHA256SUMS`,
        algorithm: "sha256",
        member: `${archive}/${name}`,
      }));
    }
    default:
      return [];
  }
}

/**
 * Downloads one program into a directory.
 * @throws Error when it cannot be reached or is not what its digest says; nothing is left then
 */
export async function download(source, directory, { signal, onBytes = () => {} }) {
  const digest = await publishedDigest(source, signal);
  const place = mkdtempSync(join(directory, ".download-"));
  try {
    const file = join(place, "file");
    const hash = createHash(source.algorithm);
    const response = await fetch(source.url, { signal });
    if (!response.ok || response.body === null) {
      throw new Error(`${source.url} answers ${response.status}`);
    }
    const hashing = new Transform({
      transform(chunk, _encoding, done) {
        hash.update(chunk);
        onBytes(chunk.length);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), hashing, createWriteStream(file));
    if (hash.digest("hex") !== digest) {
      throw new Error(`${source.url} does not have the published ${source.algorithm} digest`);
    }
    const program = source.member === undefined ? file : extract(file, source.member, place);
    await chmod(program, 0o755);
    renameSync(program, join(directory, source.name));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Either a bare digest, or a list of `digest  file name` lines. */
async function publishedDigest({ url, digestUrl }, signal) {
  const response = await fetch(digestUrl, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(reachMs)]),
  });
  if (!response.ok) throw new Error(`${digestUrl} answers ${response.status}`);
  const lines = (await response.text()).trim().split("\n");
  const name = url.split("/").at(-1);
  const line = lines.length === 1 ? lines[0] : lines.find((text) => text.endsWith(` ${name}`));
  const digest = line?.trim().split(/\s+/)[0];
  if (!digest) throw new Error(`${digestUrl} does not name ${name}`);
  return digest;
}

function extract(archive, member, place) {
  const args = ["-xzf", archive, "-C", place, "--", member];
  const { status, stderr, error } = spawnSync("tar", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`tar: ${error?.message ?? stderr}`);
  return join(place, member);
}
