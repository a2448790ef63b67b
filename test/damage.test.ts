import { describe, it } from "vitest";
import { expectFlipsInFileTold, expectFlipsInLogTold } from "./support/flippedBits.ts";
import { removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

// test/slow/damage.test.ts has four times as many copies.
describe("a workspace of which bits were flipped", () => {
  it("in its file is read as it was or told of, never otherwise", () => expectFlipsInFileTold(100));

  it("in its log is read as it was or told of, never otherwise", () => expectFlipsInLogTold(100));
});
