export function compile(root: string, options: { signal: AbortSignal; to?: string }): Promise<void>;
