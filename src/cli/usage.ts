/** Wrong use of a verb that its command line's definition does not notice: it ends as a wrong flag does. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
