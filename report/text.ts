/** `97.8 %`, of a share. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** `201,728`. */
export function count(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}
