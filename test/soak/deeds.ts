import { Draws } from "./draws.ts";
import { type Lie, lies } from "./liar.ts";

/** What an operator does, or what happens to a host, when a story's controllers have come to their n-th crossing in all. */
export type Deed = { readonly atCrossing: number } & (
  | { readonly deed: "kill"; readonly after: boolean }
  | { readonly deed: "stop" }
  | { readonly deed: "unplug"; readonly forMilliseconds: number }
  /** Until so many writes have failed; on a small disk, until its process has ended. */
  | { readonly deed: "fill the disk"; readonly writes: number }
  | { readonly deed: "pause"; readonly crossings: number }
  /** Another program opens the store, and looks at everything. */
  | { readonly deed: "look" }
  /** The process stands still. A suspended host's own clock stands still with it, and its deadlines too. */
  | { readonly deed: "sleep"; readonly forSeconds: number; readonly suspended: boolean }
  /** A copy of the workspace's files is made. */
  | { readonly deed: "back up" }
  /** The process is killed; the next one finds the last copy in the place of the files, or the files without their -wal. */
  | { readonly deed: "restore"; readonly what: "the copy" | "without its -wal" }
  /** The process is killed; another workspace programs the chip, and is perhaps killed itself after so many crossings. */
  | { readonly deed: "visit"; readonly killedAfter: number | undefined }
  /** The folder is moved away, perhaps with another put in its place, until the process has ended. */
  | { readonly deed: "remove the workspace"; readonly replaced: boolean }
  /** Another program reads half of a run, and the rest of it so many crossings later. */
  | { readonly deed: "hold a reading"; readonly crossings: number }
  | { readonly deed: "lie"; readonly lie: Lie; readonly always: boolean }
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
  return inOrder(drawn(draws, kinds, 0.5));
}

/** What befalls hosts, files and boards more rarely. Drawn apart, so that a world may be had without it. */
export function drawRareDeeds(seed: number): Deed[] {
  const draws = new Draws(seed, "rare deeds");
  const at = (): { atCrossing: number } => ({ atCrossing: when(draws) });
  const kinds: (() => Deed | Deed[])[] = [
    () => ({ ...at(), deed: "sleep", forSeconds: 11 + draws.whole(4000), suspended: draws.happens(0.5) }),
    () => [
      { ...at(), deed: "back up" },
      { ...at(), deed: "restore", what: draws.happens(0.6) ? "the copy" : "without its -wal" },
    ],
    () => ({ ...at(), deed: "visit", killedAfter: draws.happens(0.4) ? 10 + draws.whole(100) : undefined }),
    () => ({ ...at(), deed: "remove the workspace", replaced: draws.happens(0.5) }),
    () => ({ ...at(), deed: "hold a reading", crossings: 10 + draws.whole(400) }),
    () => {
      const lie = draws.oneOf(lies);
      // A run would wait for ever for a clock that stands still.
      return { ...at(), deed: "lie", lie, always: draws.happens(0.5) };
    },
  ];
  return inOrder(drawn(draws, kinds, 0.2));
}

function drawn(draws: Draws, kinds: readonly (() => Deed | Deed[])[], chance: number): Deed[] {
  return kinds.flatMap((kind) =>
    draws.happens(chance) ? Array.from({ length: 1 + draws.whole(3) }, () => kind()).flat() : [],
  );
}

export function inOrder(deeds: Deed[]): Deed[] {
  return deeds.sort((a, b) => a.atCrossing - b.atCrossing);
}

/** As many early, where everything begins, as late. */
function when(draws: Draws): number {
  return Math.ceil(Math.exp(Math.log(mostCrossings) * (0.25 + 0.75 * draws.uniform())));
}

const mostCrossings = 2500;
