import { expect, it } from "vitest";
import { InTurn } from "../lab/group/inTurn.ts";

it("runs of a network begin in the order of their shares, and none waits for a share that failed", async () => {
  const inTurn = new InTurn([0, 1, 2]);
  const begun: number[] = [];
  const begin = async (share: number): Promise<void> => {
    await inTurn.turnOf(share);
    begun.push(share);
    inTurn.passed(share);
  };
  const last = [begin(2), begin(1)];
  await Promise.resolve();
  expect(begun).toEqual([]);
  inTurn.passed(0);
  await Promise.all(last);
  expect(begun).toEqual([1, 2]);
});
