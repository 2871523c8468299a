/**
 * The controller as its Deployment wants it. Pods of simulated nodes run nothing: a child of the
 * test runs in their place.
 */
import type { ControlPlane } from "../../cluster/control-plane.ts";
import type { ControllerOptions, Controllers, RunningController } from "./controller.ts";
import { account } from "./installation.ts";

export class DeployedController {
  readonly #plane: ControlPlane;
  readonly #controllers: Controllers;
  readonly #options: ControllerOptions;
  #running: RunningController | undefined;
  #pods = 0;

  constructor(plane: ControlPlane, controllers: Controllers, options: ControllerOptions = {}) {
    this.#plane = plane;
    this.#controllers = controllers;
    this.#options = options;
  }

  /** Starts or ends it, as the Deployment is now. @returns the running one */
  async follow(): Promise<RunningController | undefined> {
    const replicas = await this.#plane.kubectl([
      ...["get", "deployment/mooring", `--namespace=${account.namespace}`],
      ...["--ignore-not-found", "--output=jsonpath={.spec.replicas}"],
    ]);
    const wanted = Number(replicas) > 0;
    if (wanted && this.#running === undefined) {
      this.#pods += 1;
      const identity = `pod-${this.#pods}`;
      this.#running = await this.#controllers.start({ identity, ...this.#options });
    }
    if (!wanted && this.#running !== undefined) {
      await this.#running.end("SIGTERM");
      this.#running = undefined;
    }
    return this.#running;
  }
}
