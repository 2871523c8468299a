export interface StagedPart {
  readonly part: string;
  readonly bytes: number;
}

export function stage(options: {
  readonly out: string;
  readonly node?: string;
  readonly dist?: string;
  readonly root?: string;
}): StagedPart[];

/** A table, a line a part and one for all. */
export function inWords(sizes: readonly StagedPart[]): string;
