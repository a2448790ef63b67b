import type { Contender } from "./story.ts";

/** A contender and the place of its colour, the same in every picture; 0 is the accent. */
export interface Painted extends Contender {
  readonly colour: number;
}

export const seriesColours = 6;

/** The last contender is the one to look at and has the accent. */
export function painted(contenders: readonly Contender[]): Painted[] {
  return contenders.map((contender, place) => ({
    ...contender,
    colour: (contenders.length - 1 - place) % seriesColours,
  }));
}
