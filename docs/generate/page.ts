/** One file that is generated. */
export interface Page {
  /** From the repository's root. */
  path: string;
  text: string;
}

/** @param from what it is generated from, for those who would edit it */
export function page(path: string, from: string, parts: readonly string[]): Page {
  const note = `<!-- Generated from ${from} by \`npm run generate\`: edit that instead. -->`;
  return { path, text: `${[note, ...parts].join("\n\n")}\n` };
}
