import type { KubeObject } from "./object.ts";
import type { RenderTool } from "./render-options.ts";

/** One rendered object, normalised (see render/normalise), its namespace and scope not yet resolved. */
export interface RenderedObject {
  object: KubeObject;
  /** Where it comes from, for messages: `deploy/web.yaml:12`. */
  origin: string;
  /** The object is a hook: what it waits for, e.g. `pre-install,pre-upgrade` (annotation `helm.sh/hook`). */
  hook?: string;
}

/** Everything that a revision wants of one application. Complete: a render that fails part-way throws. */
export interface DesiredSet {
  revision: string;
  /** What rendered it; of `helm` the cluster's version and APIs are inputs, too. */
  tool: RenderTool;
  objects: readonly RenderedObject[];
  /** Digest of all that the render read, listed and missed, and of its options: equal digests, equal objects. */
  inputs: string;
}
