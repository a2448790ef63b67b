import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldGroups } from "../src/run/groups.ts";
import type { TileTargets } from "../src/run/plan.ts";
import { splitTiles } from "../src/run/shares.ts";

const tilesOf = (count: number): TileTargets[] =>
  Array.from({ length: count }, (_, tile) => ({
    block: { tile, rowStart: 0, rowCount: 1 },
    targetsMicrosiemens: Float32Array.of(tile),
  }));

describe("tiles that are laid over chips", () => {
  it("each lie on one chip, in order, and none beyond a chip's last", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
        fc.nat(8),
        (capacities, spare) => {
          const last = capacities.at(-1)!;
          const count = capacities.reduce((sum, tiles) => sum + tiles, 0) - (spare % last);
          const shares = splitTiles(tilesOf(count), capacities);
          expect(shares.map(({ chip }) => chip)).toEqual(capacities.map((_, chip) => chip));
          // What stands on the tiles tells which they are in the whole.
          const meant = shares.flatMap(({ tiles }) => tiles.map(({ targetsMicrosiemens: [first] }) => first));
          expect(meant).toEqual(Array.from({ length: count }, (_, tile) => tile));
          for (const { chip, firstTile, tiles } of shares) {
            expect(tiles.map(({ block }) => block.tile)).toEqual(tiles.map((_, tile) => tile));
            expect(tiles.length).toBeLessThanOrEqual(capacities[chip]!);
            expect(tiles[0]!.targetsMicrosiemens[0]).toBe(firstTile);
          }
        },
      ),
    );
  });

  it("are refused with how many more chips they take", () => {
    expect(() => splitTiles(tilesOf(9), [2, 2])).toThrow(
      "The network needs 9 tiles, and the 2 chips have 4 together. Name 3 more chips of 2 tiles with --chip.",
    );
    expect(() => splitTiles(tilesOf(3), [2])).toThrow(
      "The network needs 3 tiles, and the 1 chip has 2. Name 1 more chip of 2 tiles with --chip.",
    );
  });

  it("are refused where a chip would hold none of them", () => {
    expect(() => splitTiles(tilesOf(4), [2, 2, 2])).toThrow(
      "The network needs 4 tiles, which the first 2 chips hold. Leave out the others, or give them with --spare.",
    );
  });
});

describe("the changes of a network", () => {
  const shares = [
    { firstTile: 0, tiles: 2, chip: "a" },
    { firstTile: 2, tiles: 1, chip: "b" },
  ];
  const begun = { kind: "begun", at: "t0", title: "s", shares, spares: ["c", "d"] } as const;
  const of = { group: "n1", share: 1 };

  it("say which run holds each share, and which chips it left", () => {
    const [, other] = foldGroups([
      { ...begun, title: "first" },
      begun,
      { kind: "serves", group: "n2", share: 0, run: "r1" },
      { kind: "serves", ...of, group: "n2", run: "r2" },
      { kind: "moved", at: "t1", ...of, group: "n2", chip: "c", why: "silent" },
      { kind: "serves", ...of, group: "n2", run: "r3" },
      { kind: "spares", at: "t2", group: "n2", spares: ["e"] },
    ]);
    expect(other).toMatchObject({
      id: "n2",
      spares: ["d", "e"],
      shares: [
        { chip: "a", run: "r1", before: [] },
        { chip: "c", run: "r3", before: [{ chip: "b", run: "r2", at: "t1", why: "silent" }] },
      ],
    });
  });

  it("of a share or a network that does not exist are refused", () => {
    expect(() => foldGroups([begun, { kind: "serves", group: "n1", share: 2, run: "r1" }])).toThrow(
      "network n1 has no share 3",
    );
    expect(() => foldGroups([begun, { kind: "serves", group: "n2", share: 0, run: "r1" }])).toThrow(
      "there is no network n2",
    );
  });
});
