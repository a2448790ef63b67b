import { describe, expect, it } from "vitest";
import { killAndResume } from "../../bench/killing.ts";

describe("mho resume", () => {
  it("loses nothing over ten kill -9s: no finished device is pulsed again, and the ledger is what was felt", async () => {
    const { kills, ...result } = await killAndResume(3, 10, "verify");
    expect(kills).toBe(10);
    expect(result).toMatchObject({
      outcome: "done",
      ledgerErrors: 0,
      pulsedAgain: 0,
      turnsMissing: 0,
      devicesWithoutVerdict: 0,
    });
  });
});
