import { describe, expect, it } from "vitest";
import { times } from "../cli/flags.ts";

describe("a list of times", () => {
  const read = times("--times");

  it.each([
    ["1,5h", [1, 18_000], false],
    ["1,5 h", [], true],
    ["1,60,1h", [1, 60, 3600], false],
    ["1s,5h", [1, 18_000], false],
    ["1.5 h", [5400], false],
    ["0,5 d", [], true],
  ] as const)("%s", (text, found, refused) => {
    if (refused)
      expect(() => read(text)).toThrow(/--times .*: write \d\.5[hd] for one time, or \ds,5[hd] for two/);
    else expect(read(text)).toEqual(found);
  });
});
