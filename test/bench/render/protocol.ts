/** What the benchmark asks of the process that renders, and what that answers. */
import type { HelmOptions, RenderTool } from "../../../src/render/source.ts";

export interface RendererSettings {
  /** Where the repository is served, and which commit of it is rendered. */
  readonly url: string;
  readonly commit: string;
  /** For Git's objects. */
  readonly directory: string;
  readonly workers: number;
  readonly idleMs: number;
}

export interface RenderAsked {
  readonly path: string;
  readonly tool: RenderTool;
  /** Of one application a single render runs at a time. */
  readonly key: string;
  readonly helm?: HelmOptions;
}

export type Ask =
  /** All of them at once. */
  | { readonly op: "render"; readonly sources: readonly RenderAsked[] }
  /** Until the renderers' threads are gone and memory was given back. */
  | { readonly op: "rest" };

export interface Rendered {
  /** Of each, in order: objects and time, or the Problem's code. */
  readonly outcomes: readonly (
    | { readonly seconds: number; readonly objects: number }
    | { readonly failed: string }
  )[];
  /** From the first to the last. */
  readonly seconds: number;
  /** Of all threads of the process. */
  readonly cpuSeconds: number;
  /** Of all cores of the machine: time that nobody used. */
  readonly idleSeconds: number;
  /** How late the main thread's event loop came, in milliseconds: the 99th percentile. */
  readonly delayMs: number;
}

export type Answer = { readonly rendered: Rendered } | { readonly rested: true };
