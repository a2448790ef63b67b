import { describe, expect, it } from "vitest";
import { shortOf } from "../cli/tellRun.ts";
import { noVerdicts, type VerdictCounts } from "../src/program/method.ts";
import { yieldOf } from "../src/results/yield.ts";
import { yieldShown } from "../web/yieldShown.ts";

const given = (counts: Partial<VerdictCounts>): VerdictCounts => ({ ...noVerdicts(), ...counts });

describe("the yield of a run", () => {
  it.each([
    ["counts only devices that can be judged", { accepted: 3, unverified: 96, "stuck low": 1 }, 75],
    ["is none while one device is pending", { accepted: 98, pending: 1, "stuck low": 1 }, undefined],
    ["is none while most are only in place and one was given up", { "in place": 99, open: 1 }, undefined],
    ["counts what was accepted outside tolerance", { accepted: 1, "accepted outside tolerance": 1 }, 100],
    ["is none where nothing was read back", { unverified: 100 }, undefined],
    [
      "is none where nothing was read back and a row is in doubt",
      { unverified: 90, uncertain: 10 },
      undefined,
    ],
    ["leaves out what has no target", { accepted: 1, open: 1, "left alone": 98 }, 50],
  ] as const)("%s", (_, counts, expected) => {
    expect(yieldOf(given(counts))).toBe(expected);
  });

  it.each([
    [99, 99.5, undefined],
    [99, 98, /98\.00 % is short of the 99 %/],
    [0, undefined, /No device was read back at the end, so there is no yield/],
  ])("asked to be %s %% and found to be %s says %s", (asked, found, said) => {
    if (said === undefined) expect(shortOf(asked, found)).toBeUndefined();
    else expect(shortOf(asked, found)).toMatch(said);
  });
});

it.each([
  ["none while one was given up and the others go on", [100, 1, 1, 0], ["–", "1 settled"]],
  ["none before any is settled", [100, 0, 0, 0], ["–", "none settled yet"]],
  ["that of all once all are settled", [100, 100, 100, 97], ["97.0 %", "97 of 100"]],
  ["none of a method that does not look", [100, 100, 0, 0], ["–", "not read back"]],
] as const)("the live page shows %s", (_, [devices, settled, judged, accepted], [percent, of]) => {
  expect(yieldShown({ devices, settled, judged, accepted })).toEqual({ percent, of });
});
