/** Now, ISO 8601. */
export const wallTime = (): string => new Date().toISOString();
