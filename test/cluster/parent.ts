/**
 * Calls `action` once when the process that started this one has ended. A kill -9 of npm sends
 * nothing to the program it runs; the kernel gives the orphan another parent.
 *
 * @returns stops watching
 */
export function onParentEnd(action: () => void, pollMs = 500): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    action();
  }, pollMs);
  timer.unref();
  return () => clearInterval(timer);
}
