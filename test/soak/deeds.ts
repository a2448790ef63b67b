import { Draws } from "./draws.ts";

/** What an operator does, when a story's controllers have come to their n-th crossing in all. */
export type Deed = { readonly atCrossing: number } & (
  | { readonly deed: "kill"; readonly after: boolean }
  | { readonly deed: "stop" }
  | { readonly deed: "unplug"; readonly forMilliseconds: number }
  /** Until so many writes have failed. */
  | { readonly deed: "fill the disk"; readonly writes: number }
  | { readonly deed: "pause"; readonly crossings: number }
  /** Somebody else opens the store, and looks at everything. */
  | { readonly deed: "look" }
);

/** As with faults, a seed first chooses which deeds there are at all. */
export function drawDeeds(seed: number): Deed[] {
  const draws = new Draws(seed, "deeds");
  const kinds: (() => Deed)[] = [
    () => ({ atCrossing: when(draws), deed: "kill", after: draws.happens(0.5) }),
    () => ({ atCrossing: when(draws), deed: "stop" }),
    () => ({ atCrossing: when(draws), deed: "unplug", forMilliseconds: 20 + draws.whole(5000) }),
    () => ({ atCrossing: when(draws), deed: "fill the disk", writes: 1 + draws.whole(4) }),
    () => ({ atCrossing: when(draws), deed: "pause", crossings: 3 + draws.whole(30) }),
    () => ({ atCrossing: when(draws), deed: "look" }),
  ];
  const deeds = kinds.flatMap((kind) =>
    draws.happens(0.5) ? Array.from({ length: 1 + draws.whole(3) }, () => kind()) : [],
  );
  return deeds.sort((a, b) => a.atCrossing - b.atCrossing);
}

/** As many early, where everything begins, as late. */
function when(draws: Draws): number {
  return Math.ceil(Math.exp(Math.log(mostCrossings) * (0.25 + 0.75 * draws.uniform())));
}

const mostCrossings = 2500;
