import { describe, expect, it } from "vitest";
import { type Log, logLevels } from "../../src/log.ts";

/** What every log owes. `open` gives one that keeps `info` and above, and what it has kept. */
export function logContract(name: string, open: () => { log: Log; kept: () => object[] }): void {
  describe(`${name} as a log`, () => {
    it("keeps records of its level and above, and says which these are", () => {
      const { log, kept } = open();
      for (const [k, level] of logLevels.entries()) log[level]({ tile: k }, "a record");
      expect(logLevels.map((level) => log.isLevelEnabled(level))).toEqual([false, false, true, true, true]);
      expect(kept()).toMatchObject([{ tile: 2 }, { tile: 3 }, { tile: 4 }]);
    });

    it("gives the records of a child what it was made with, and those of its parent nothing of it", () => {
      const { log, kept } = open();
      const child = log.child({ port: "COM3" }).child({ tile: 3 });
      child.info({ row: 7 }, "of the child");
      child.info({ tile: 4 }, "the nearer one counts");
      log.info({}, "of the parent");
      expect(kept()).toMatchObject([{ port: "COM3", tile: 3, row: 7 }, { port: "COM3", tile: 4 }, {}]);
      expect(kept()[2]).not.toHaveProperty("port");
      expect(kept()[2]).not.toHaveProperty("tile");
    });

    it("leaves out what is undefined, and is undisturbed by any text", () => {
      const { log, kept } = open();
      const text = "\n\u0000\u001b[2J\u2028\ud800";
      log.warn({ row: undefined, error: { code: "port-failed", message: text } }, text);
      expect(JSON.stringify(kept()[0])).not.toContain("row");
      expect(kept()).toHaveLength(1);
    });
  });
}
