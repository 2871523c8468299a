/** What the NetworkPolicy lets through; there is no network here that it could be tried on. */
import { BlockList, isIPv6 } from "node:net";
import { beforeAll, expect, test } from "vitest";
import { kustomize, type Manifest, overlays } from "./manifests.ts";

interface Peer {
  ipBlock?: { cidr: string; except?: string[] };
  namespaceSelector?: { matchLabels: Record<string, string> };
  podSelector?: { matchLabels: Record<string, string> };
}

interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports: { protocol: string; port: number | string }[];
}

let spec: {
  podSelector: { matchLabels: Record<string, string> };
  policyTypes: string[];
  ingress: Rule[];
  egress: Rule[];
};
let deployment: Manifest["spec"];

beforeAll(async () => {
  const objects = await kustomize("deploy/overlays/cluster-wide");
  const of = (kind: string) => objects.find((object) => object.kind === kind)?.spec;
  spec = of("NetworkPolicy");
  deployment = of("Deployment");
});

function within(address: string, cidr: string): boolean {
  const [network = "", prefix = ""] = cidr.split("/");
  // A list takes 10.0.0.1 for a part of ::/0.
  if (isIPv6(address) !== isIPv6(network)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), isIPv6(network) ? "ipv6" : "ipv4");
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** May the pod open a connection to this address? As the API defines ipBlock and except. */
function reaches(address: string, port: number): boolean {
  return spec.egress.some(
    ({ to = [], ports }) =>
      ports.some((one) => one.port === port) &&
      to.some(
        ({ ipBlock }) =>
          ipBlock !== undefined &&
          within(address, ipBlock.cidr) &&
          !(ipBlock.except ?? []).some((cidr) => within(address, cidr)),
      ),
  );
}

test("it is about the controller's pods, and about both directions", () => {
  expect(deployment.template.metadata.labels).toMatchObject(spec.podSelector.matchLabels);
  expect(spec.policyTypes).toEqual(["Ingress", "Egress"]);
});

test("the apiserver and Git over HTTPS are reached, also by IPv6", () => {
  for (const [address, port] of [
    ["10.96.0.1", 443],
    ["192.168.10.2", 6443],
    ["140.82.121.4", 443],
    ["2606:50c0:8000::153", 443],
  ] as const)
    expect([address, port, reaches(address, port)]).toEqual([address, port, true]);
});

test("the cloud's metadata, and any other port, are not", () => {
  for (const [address, port] of [
    ["169.254.169.254", 80],
    ["169.254.169.254", 443],
    ["fd00:ec2::254", 443],
    ["fe80::a9fe:a9fe", 443],
    ["10.0.0.5", 5432],
    ["10.0.0.5", 10250],
    ["140.82.121.4", 22],
  ] as const)
    expect([address, port, reaches(address, port)]).toEqual([address, port, false]);
});

test("names are resolved by the cluster's DNS alone", () => {
  const dns = spec.egress.find(({ ports }) => ports.some(({ port }) => port === 53));
  expect(dns?.ports).toEqual([
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ]);
  expect(dns?.to?.flatMap(({ ipBlock }) => ipBlock?.cidr ?? [])).toEqual(["169.254.20.10/32"]);
  expect(reaches("8.8.8.8", 53)).toBe(false);
});

test("whoever scrapes reaches the port that the container has, from one namespace", () => {
  const [rule, ...more] = spec.ingress;
  expect(more).toEqual([]);
  const [port] = deployment.template.spec.containers[0].ports;
  expect(rule?.ports).toEqual([{ protocol: "TCP", port: port.name }]);
  expect(rule?.from).toEqual([
    { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } },
  ]);
});

test("every overlay has it", async () => {
  for (const overlay of overlays) {
    const kinds = (await kustomize(`deploy/overlays/${overlay}`)).map(({ kind }) => kind);
    expect([overlay, kinds]).toEqual([overlay, expect.arrayContaining(["NetworkPolicy"])]);
  }
});
