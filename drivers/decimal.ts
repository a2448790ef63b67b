/** A number as a board writes it in decimal digits; NaN of all else, an empty field too, which `Number` takes for 0. */
export function decimal(text: string | undefined): number {
  return /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text ?? "") ? Number(text) : Number.NaN;
}
