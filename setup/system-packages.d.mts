export function requireGit(): void;
