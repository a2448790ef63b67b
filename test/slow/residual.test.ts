import { describe, expect, it } from "vitest";
import { weightErrorOf } from "../support/weightErrorOf.ts";

// test/residual.test.ts has the others.
describe("residual programming of devices that go up and down", () => {
  it.each([
    ["rram-128", 1, "all sound", 0.65, 0],
    ["ecram-64", 2, "2 % stuck or open", 0.3, 0.02],
  ] as const)(
    "leaves at most a share of verify's weight error (%s, weights in pairs: %i, devices: %s; %f at most)",
    async (chip, pairs, _, most, stuck) => {
      const verified = await weightErrorOf(chip, "verify", pairs, stuck);
      expect((await weightErrorOf(chip, "residual", pairs, stuck)) / verified).toBeLessThan(most);
    },
  );
});
