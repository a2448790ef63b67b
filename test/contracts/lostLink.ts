import { describe, expect, it } from "vitest";
import { CutOff } from "../../drivers/linkErrors.ts";
import type { Preset } from "../../emulator/presets.ts";
import type { LabDialect } from "../../lab/dialects.ts";
import { type ChipDescription, highestCode } from "../../src/chip/description.ts";
import { rowFates } from "../../src/chip/driver.ts";
import { devicesPerRow } from "../../src/chip/geometry.ts";
import { Cable } from "../support/cutCable.ts";

/**
 * What every driver owes whose boards keep no fates of pulses, when its link is lost in the middle of an order: it says so, with what is
 * known of each row.
 */
export function lostLinkContract(
  dialect: LabDialect,
  preset: Preset,
  describeChip: () => Promise<ChipDescription>,
  widthNanoseconds: number,
): void {
  describe(`a driver of ${dialect.name} whose link is lost in the middle of an order`, () => {
    it.each([
      ["before the board heard", 0],
      ["after the board heard", 1],
    ])("says of each row whether it fired, may have fired or was not sent: %s", async (_, cuts) => {
      const description = await describeChip();
      const rowCount = Math.min(3, description.geometry.rows);
      const perRow = devicesPerRow(description.geometry);
      const block = { tile: 0, rowStart: 0, rowCount };
      const codes = new Uint16Array(rowCount * perRow);
      // One device a row: what it felt is what the row fired.
      for (let row = 0; row < rowCount; row++)
        codes[row * perRow] = Math.round(0.3 * highestCode(description));
      const seen = new Set<number>();
      for (let writes = 0; writes < mostWrites; writes++) {
        const cable = new Cable(dialect, preset);
        cable.cuts = cuts;
        const driver = dialect.open(cable.open(), {
          address: "cable",
          description,
          session: 1 + writes,
          serialNumber: "DIE-12",
          deadlineMilliseconds: 20,
          hostTime: () => 0,
          after(_milliseconds, act) {
            const soon = setImmediate(act);
            return () => clearImmediate(soon);
          },
        });
        await driver.identify();
        cable.writesLeft = writes;
        const ended = await driver.pulse(block, { codes, widthNanoseconds, firstTicket: 1 }).then(
          (report) => ({ report, cut: undefined }),
          (error: unknown) => ({ report: error instanceof CutOff ? error.report : undefined, cut: error }),
        );
        if (ended.cut === undefined) {
          expect([...ended.report!.fates]).toEqual(Array(rowCount).fill(fired));
          break;
        }
        expect(ended.cut).toMatchObject({ code: "link-lost" });
        const felt = cable.firmware.chip.pulsesFeltByTile(0);
        const fates = [...ended.report!.fates];
        fates.forEach((fate, row) => {
          expect([fired, notFired, uncertain]).toContain(fate);
          if (fate === fired) expect(felt[row * perRow]).toBe(1);
          if (fate === notFired) expect(felt[row * perRow]).toBe(0);
          seen.add(fate);
        });
        // One row at most was under way.
        expect(fates.filter((fate) => fate === uncertain).length).toBeLessThanOrEqual(1);
      }
      expect(seen).toContain(uncertain);
      if (rowCount > 1) expect(seen).toEqual(new Set([fired, notFired, uncertain]));
    });
  });
}

const { fired, notFired, uncertain } = rowFates;
const mostWrites = 200;
