/** A claim of ours that a world has refuted. */
export class Refuted extends Error {
  override readonly name = "Refuted";
}

/** States what must be so in every world. */
export function claim(holds: boolean, text: () => string): asserts holds {
  if (!holds) throw new Refuted(text());
}
