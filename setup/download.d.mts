export interface Source {
  readonly name: string;
  readonly url: string;
  readonly digestUrl: string;
  readonly algorithm: "sha256" | "sha512";
  readonly member?: string;
}

export function published(
  component: string,
  version: string,
  platform: string,
  names: readonly string[],
): Source[];
export function download(
  source: Source,
  directory: string,
  options: { signal: AbortSignal; onBytes?: (bytes: number) => void },
): Promise<void>;
