/** Where the program begins. The controller's wiring is loaded when it is asked for: other verbs start without it. */
import { runProgram } from "./cli/program.ts";

await runProgram(process.argv, process.env, {
  async runController(config) {
    const { runController } = await import("./controller.ts");
    await runController(config);
  },
  async renderPath(...asked) {
    const { renderPath } = await import("./cli/render/render.ts");
    return renderPath(...asked);
  },
});
