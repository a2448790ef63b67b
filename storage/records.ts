import type { ChipIdentity } from "../src/chip/driver.ts";
import type { JournalledOrder, RunNote, SweepRecord, WatchSettings } from "../src/run/journal.ts";
import type { CellTask } from "../src/program/method.ts";
import type { RunPlan } from "../src/run/plan.ts";

/** What stands in the workspace is not what was written: it is damaged, or somebody else's. */
export class DamagedRecord extends Error {
  readonly code = "CORRUPT";
}

/** Throws DamagedRecord unless a thing is true of what was read. */
export function mustBe(condition: boolean, what: string): asserts condition {
  if (!condition) throw new DamagedRecord(what);
}

type Fields = Readonly<Record<string, unknown>>;

export function identityOf(text: string): ChipIdentity {
  const found = record(text, "an identity");
  mustBe(typeof found["serialNumber"] === "string" && isRecord(found["geometry"]), "an identity");
  return found as unknown as ChipIdentity;
}

/** A plan without its tiles, as those that were written long ago lack a field. */
export function settingsOf(text: string): Omit<RunPlan, "tiles" | "pulsesPerDevice"> {
  const found = record(text, "a plan");
  mustBe(typeof found["title"] === "string" && areNumbers(found["sweepTimesSeconds"]), "a plan");
  return found as unknown as RunPlan;
}

/** @param devices  how many targets there are. */
export function blockOf(text: string, devices: number): RunPlan["tiles"][number]["block"] {
  const found = record(text, "a block");
  const { tile, rowStart, rowCount } = found;
  mustBe(isCount(tile) && isCount(rowStart) && isCount(rowCount), "a block");
  mustBe(rowCount > 0 && devices % rowCount === 0, "a block's targets");
  return { tile, rowStart, rowCount };
}

export function cellsOf(text: string): Omit<CellTask, "wantedMicrosiemens"> {
  const found = record(text, "a tile's cells");
  mustBe(isCount(found["devicesPerCell"]) && areNumbers(found["factors"]), "a tile's cells");
  return found as unknown as CellTask;
}

export function orderSettingsOf(text: string): Omit<JournalledOrder, "codes">[] {
  const found = parsed(text, "the orders of a turn");
  mustBe(Array.isArray(found), "the orders of a turn");
  for (const order of found as unknown[]) {
    mustBe(isRecord(order) && typeof order["kind"] === "string", "an order");
    const { iterations } = order;
    mustBe(iterations === undefined || (isCount(iterations) && iterations <= 0xffff), "an order");
  }
  return found as Omit<JournalledOrder, "codes">[];
}

/** What stands beside a sweep's numbers. */
export type Circumstances = Pick<SweepRecord, "converter" | "takenAt" | "boot" | "environment">;

export function circumstancesOf(text: string): Partial<Circumstances> {
  const found = record(text, "the circumstances of a sweep");
  const { converter, takenAt } = found;
  const known = converter === undefined || (isRecord(converter) && areNumbers(Object.values(converter)));
  mustBe(known, "the circumstances of a sweep");
  const dated = typeof takenAt === "string" || (takenAt === undefined && converter === undefined);
  mustBe(dated, "the circumstances of a sweep");
  return found;
}

export function noteOf(text: string): Omit<RunNote, "notedAt"> {
  const found = record(text, "a note");
  mustBe(typeof found["what"] === "string" && typeof found["text"] === "string", "a note");
  return found as unknown as RunNote;
}

export function watchOf(text: string): WatchSettings {
  const found = record(text, "a watch");
  mustBe(areNumbers(found["timesSeconds"]) && isCount(found["averages"]), "a watch");
  return found as unknown as WatchSettings;
}

function record(text: unknown, what: string): Fields {
  const found = parsed(text, what);
  mustBe(isRecord(found), what);
  return found;
}

function parsed(text: unknown, what: string): unknown {
  try {
    return JSON.parse(text as string) as unknown;
  } catch {
    throw new DamagedRecord(what);
  }
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function areNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number" || item === null);
}
