/**
 * The figures of 0001-yaml-parser.md: node_modules/.bin/node docs/decisions/0001-yaml-parser.ts
 */
import { loadAll, YAML11_SCHEMA } from "js-yaml";
import { parseAllDocuments } from "yaml";
import { defaultLimits } from "../../src/render/limits.ts";
import { createManifestReader } from "../../src/render/manifest.ts";
import { ParserPool } from "../../src/render/parser-pool.ts";

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: { app: web }
spec:
  replicas: 2
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: web
          image: nginx:1.27
          ports:
            - containerPort: 80
`;
const property = (i: number) =>
  `                field${i}:\n                  description: What this field is for, in a sentence of usual length.\n                  type: string\n                  enum: ["a", "b", "c"]\n`;
const schema = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things.example.com
spec:
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          properties:
            spec:
              properties:
${Array.from({ length: 2500 }, (_, i) => property(i)).join("")}`;

const mooring = createManifestReader(defaultLimits);
const encode = new TextEncoder();
const parsers: Record<string, (text: string) => unknown> = {
  "mooring (js-yaml events, our schema, checks, JSON)": (text) => mooring(encode.encode(text)),
  "js-yaml loadAll, YAML 1.1": (text) => loadAll(text, { schema: YAML11_SCHEMA }),
  "yaml parseAllDocuments, YAML 1.1": (text) => {
    const documents = parseAllDocuments(text, { version: "1.1" });
    return "map" in documents ? documents.map((document) => document.toJS()) : documents;
  },
};

function milliseconds(times: number, work: () => void): string {
  for (let i = 0; i < times / 5 + 2; i++) work();
  const samples = Array.from({ length: 5 }, () => {
    const start = performance.now();
    for (let i = 0; i < times; i++) work();
    return (performance.now() - start) / times;
  });
  return (samples.sort((a, b) => a - b)[2] ?? 0).toFixed(3);
}

const kB = (text: string) => `${(text.length / 1000).toFixed(1)} kB`;
for (const [name, parse] of Object.entries(parsers)) {
  console.log(
    `${name}: Deployment of ${kB(deployment)} ${milliseconds(300, () => parse(deployment))} ms, CRD of ${kB(schema)} ${milliseconds(5, () => parse(schema))} ms`,
  );
}

const pool = new ParserPool({ workers: 1, deadlineMs: 60_000, limits: defaultLimits });
const bytes = Buffer.from(deployment);
const start = performance.now();
await pool.parse([bytes]);
console.log(`first job of a thread, with its start: ${(performance.now() - start).toFixed(1)} ms`);
const rounds = 1000;
const crossing = performance.now();
for (let i = 0; i < rounds; i++) await pool.parse([bytes]);
const each = (performance.now() - crossing) / rounds;
console.log(`a job of one Deployment in a running thread: ${each.toFixed(3)} ms`);
const batch = performance.now();
await pool.parse(Array.from({ length: 4000 }, () => bytes));
console.log(`a job of 4,000 Deployments: ${(performance.now() - batch).toFixed(0)} ms`);
await pool.close();
