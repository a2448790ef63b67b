import { listed } from "../../report/text.ts";
import { counted } from "../../src/counted.ts";
import { formatDuration } from "../../src/units.ts";
import type { HeldByChip } from "../runStory.ts";
import type { NetworkDetails, NetworkShare } from "./networkDetails.ts";

/** The chips that hold tiles of a network, in order. */
export function chipsOf({ shares }: NetworkDetails): HeldByChip[] {
  return shares
    .filter(({ run }) => run !== undefined)
    .map((share) => ({ text: chipText(share), firstTile: share.firstTile, tiles: share.tiles }));
}

/** What each chip holds, what became of chips that failed, and at which ages only some of them were read; a sentence each. */
export function chipTexts(details: NetworkDetails): string[] {
  return [...details.shares.map(shareText), ...partlyTexts(details)];
}

export function shareText(share: NetworkShare): string {
  const { share: number, firstTile, tiles, run, chip, outcome, before } = share;
  const where = tiles === 1 ? `tile ${firstTile}` : `tiles ${firstTile} to ${firstTile + tiles - 1}`;
  const held =
    run === undefined
      ? `no run holds it yet; it is to begin on the chip at ${chip}`
      : `${run} on ${chipText(share)} at ${chip}, ${outcome}`;
  const failed = before.length === 0 ? "" : `; ${counted(before.length, "chip")} failed before it`;
  return `Share ${number}, ${where}: ${held}${failed}.`;
}

export function partlyTexts({ partlyRead }: NetworkDetails): string[] {
  const byRuns = new Map<string, string[]>();
  for (const { timeSeconds, missing } of partlyRead) {
    const runs = listed(missing);
    byRuns.set(runs, [...(byRuns.get(runs) ?? []), formatDuration(timeSeconds)]);
  }
  return [...byRuns].map(
    ([runs, ages]) =>
      `Not all of ${runs} was read at ${listed(ages)}: nothing is said of the whole network at ${ages.length === 1 ? "that age" : "these ages"}.`,
  );
}

function chipText({ chipName = "", serialNumber = "" }: NetworkShare): string {
  return `${chipName} number ${serialNumber}`;
}
