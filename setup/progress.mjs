// What a person sees of a set-up step that takes long: a line at its start, one every few
// seconds, one at its end. Quick steps say nothing.

const everyMs = 10_000;

/** `7 s`, `2 min 05 s` */
export function duration(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

export function say(text) {
  console.error(`setup: ${text}`);
}

/**
 * Runs a step and says how it goes.
 * @param detail what to add to the line that comes every few seconds
 */
export async function step(title, work, detail = () => "") {
  const started = Date.now();
  say(`${title} ...`);
  const short = title.replace(/ \(.*\)$/, "");
  const timer = setInterval(() => {
    const more = detail();
    say(`${short}: ${duration(Date.now() - started)}${more === "" ? "" : `, ${more}`}`);
  }, everyMs);
  try {
    const result = await work();
    say(`${short}: done in ${duration(Date.now() - started)}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
