import { wholeReader } from "../../src/results/wholeReader.ts";
import type { ShareOfGroup } from "../../src/run/groups.ts";
import { recall } from "../../src/run/recall.ts";
import type { RunStore } from "../../src/run/store.ts";
import { claim } from "./claim.ts";

/** A world's two chips hold one network: the chip's run its first share, the other chip's its second. */
export class Network {
  readonly #addresses: readonly [string, string];
  /** Of one share; both hold the same layer. */
  readonly #tiles: number;

  constructor(address: string, tiles: number) {
    this.#addresses = [address, `${address}&seed=2`];
    this.#tiles = tiles;
  }

  share(share: 0 | 1): ShareOfGroup {
    return { group: "n1", share, firstTile: share * this.#tiles };
  }

  /** Before any of its runs; also where an older copy of the store, without it, took the place of a newer one. */
  async begin(store: RunStore): Promise<void> {
    if ((await store.groups()).length > 0) return;
    const shares = this.#addresses.map((chip, k) => ({
      firstTile: k * this.#tiles,
      tiles: this.#tiles,
      chip,
    }));
    await store.appendGroup({
      kind: "begun",
      at: "2026-01-01T00:00:00Z",
      title: "both chips",
      shares,
      spares: [],
    });
  }

  /** Both shares are held by the runs that programmed their chips, and read as one run of all tiles. */
  async check(store: RunStore): Promise<void> {
    const [network, ...others] = await store.groups();
    claim(network !== undefined && others.length === 0, () => `the store has ${others.length + 1} networks`);
    for (const [k, { run }] of network!.shares.entries()) {
      claim(run !== undefined, () => `no run holds share ${k + 1} of n1`);
      const { outcome } = await store.summary(run!);
      claim(outcome === "done", () => `${run}, which holds share ${k + 1} of n1, is ${outcome}`);
      const { share } = await store.plan(run!);
      claim(share?.share === k, () => `${run} holds share ${k + 1} of n1, and its plan says ${share?.share}`);
    }
    const held = new Set(network!.shares.map(({ run }) => run));
    claim(held.size === 2, () => "one run holds both shares of n1");
    const tiles = (await recall(wholeReader(store), "n1")).map(({ block }) => block.tile);
    const all = Array.from({ length: 2 * this.#tiles }, (_, tile) => tile);
    claim(tiles.join() === all.join(), () => `n1 has the tiles ${tiles.join()}`);
  }
}
