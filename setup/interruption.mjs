// When set-up has to stop: a signal, or the end of the npm that runs it (a kill -9 of npm
// sends nothing to the scripts it started; the kernel gives them another parent).

/** @returns {AbortSignal} aborted once, with an Error as reason */
export function interruption(env = process.env, pollMs = 500) {
  const controller = new AbortController();
  const stop = (why) => controller.abort(new Error(`interrupted (${why})`));
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => stop(name));
  const parent = process.ppid;
  if (env.npm_lifecycle_event !== undefined) {
    setInterval(() => {
      if (process.ppid !== parent) stop("npm has ended");
    }, pollMs).unref();
  }
  return controller.signal;
}
