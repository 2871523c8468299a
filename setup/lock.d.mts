export function withLock<T>(
  name: string,
  directory: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T>;
