import { type ChipIdentity, type ChipKey, mostBurstCycles } from "../src/chip/driver.ts";
import {
  type ClockMark,
  type JournalledOrder,
  orderKinds,
  type RunNote,
  type SweepRecord,
  type WatchSettings,
} from "../src/run/journal.ts";
import type { Forecast } from "../src/run/forecast.ts";
import type { CellTask } from "../src/program/method.ts";
import type { ChipNote, LabelChange } from "../src/run/labels.ts";
import type { QuestionChange } from "../src/run/questions.ts";
import type { GroupChange } from "../src/run/groups.ts";
import type { RunPlan } from "../src/run/plan.ts";

/** What stands in the workspace is not what was written: it is damaged, or somebody else's. */
export class DamagedRecord extends Error {
  readonly code = "CORRUPT";

  /** @param what  that was expected. */
  constructor(what: string) {
    super(`it does not hold ${what}`);
  }
}

/** Throws DamagedRecord, with what was expected, unless a thing is true of what was read. */
export function mustBe(condition: boolean, what: string): asserts condition {
  if (!condition) throw new DamagedRecord(what);
}

export type Fields = Readonly<Record<string, unknown>>;

export function identityOf(text: string): ChipIdentity {
  const found = record(text, "an identity");
  const { geometry } = found;
  mustBe(
    areTexts(found, "name", "serialNumber", "firmware") && isRecord(found["capabilities"]),
    "an identity",
  );
  mustBe(isRecord(geometry) && isCount(found["boot"]), "an identity");
  const sizes = [geometry["tiles"], geometry["rows"], geometry["columns"], geometry["devicesPerCell"]];
  mustBe(
    sizes.every((size) => isCount(size) && size > 0 && size <= largestSize),
    "a chip's geometry",
  );
  return found as unknown as ChipIdentity;
}

/** A mark of a chip's clock from the columns of its row. */
export function markOf({ name, serialNumber }: ChipKey, row: Fields): ClockMark {
  const { boot, chip_time_microseconds: shown, offset_microseconds: offset, marked_at: markedAt } = row;
  mustBe(isCount(boot), "the boot of a chip");
  mustBe(isTime(shown) && isTime(offset), "the time of a chip");
  mustBe(typeof markedAt === "string" && isoTime.test(markedAt), "the time of a mark");
  return {
    chipName: name,
    chipSerialNumber: serialNumber,
    boot,
    chipTimeMicroseconds: shown,
    offsetMicroseconds: offset,
    markedAt,
  };
}

/** UTC, as `Date.toISOString` writes it. */
const isoTime = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z$/;

/** Microseconds of a clock that can be counted on. */
function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

/** No chip has more of anything in a row; more would take all memory. */
const largestSize = 65_536;

/** A plan without its tiles, as those that were written long ago lack a field. */
export function settingsOf(text: string): Omit<RunPlan, "tiles" | "pulsesPerDevice"> {
  const found = record(text, "a plan");
  const { sweepTimesSeconds, sweepAverages, pulsesPerDevice, corrects } = found;
  mustBe(areTexts(found, "title", "chipName", "chipSerialNumber", "chipAddress", "method"), "a plan");
  mustBe(
    areAscending(sweepTimesSeconds) && isCount(sweepAverages) && sweepAverages > 0,
    "the sweeps of a plan",
  );
  mustBe(pulsesPerDevice === undefined || isCount(pulsesPerDevice), "the budget of a plan");
  mustBe(
    corrects === undefined || (typeof corrects === "string" && /^r[1-9]\d{0,14}$/.test(corrects)),
    "a plan",
  );
  mustBe(isRecord(found["model"]), "the model of a plan");
  mustBe(found["share"] === undefined || isPart(found["share"]), "which part of a network a plan is");
  mustBe(found["imported"] === undefined || isImported(found["imported"]), "where a run was imported from");
  return found as unknown as RunPlan;
}

function isPart(value: unknown): boolean {
  return (
    isRecord(value) && areTexts(value, "group") && isCount(value["share"]) && isCount(value["firstTile"])
  );
}

function isImported(value: unknown): boolean {
  if (!isRecord(value) || !areTexts(value, "mapping", "mappingText")) return false;
  const { files, deviceNames } = value;
  return (
    Array.isArray(files) &&
    files.every((file) => isRecord(file) && areTexts(file, "name", "sha256")) &&
    Array.isArray(deviceNames) &&
    deviceNames.every((names) => typeof names === "string")
  );
}

/** @param devices  how many targets there are. */
export function blockOf(text: string, devices: number): RunPlan["tiles"][number]["block"] {
  const found = record(text, "a block");
  const { tile, rowStart, rowCount } = found;
  mustBe(isCount(tile) && isCount(rowStart) && isCount(rowCount), "a block");
  mustBe(rowCount > 0 && devices > 0 && devices % rowCount === 0, "a block's targets");
  mustBe(tile < largestSize && rowStart + rowCount <= largestSize, "a block");
  return { tile, rowStart, rowCount };
}

/** @param weights  how many there are, and in how many devices. */
export function cellsOf(
  text: string,
  weights: { readonly count: number; readonly devices: number },
): Omit<CellTask, "wantedMicrosiemens"> {
  const found = record(text, "a tile's cells");
  const { devicesPerCell, factors } = found;
  mustBe(isCount(devicesPerCell) && areNumbers(factors), "a tile's cells");
  mustBe(
    factors.length === devicesPerCell && devicesPerCell * weights.count === weights.devices,
    "a tile's cells",
  );
  const { outputScales } = found;
  mustBe(
    outputScales === undefined ||
      (areNumbers(outputScales) &&
        outputScales.length > 0 &&
        weights.count % outputScales.length === 0 &&
        outputScales.every((scale) => scale > 0)),
    "a tile's cells",
  );
  return found as unknown as CellTask;
}

export function orderSettingsOf(text: string): Omit<JournalledOrder, "codes">[] {
  const found = parsed(text, "the orders of a turn");
  mustBe(Array.isArray(found), "the orders of a turn");
  for (const order of found as unknown[]) {
    mustBe(isRecord(order) && (orderKinds as readonly unknown[]).includes(order["kind"]), "an order");
    const { iterations, widthNanoseconds, trailingNanoseconds, gateCode } = order;
    mustBe(iterations === undefined || (isCount(iterations) && iterations <= 0xffff), "an order");
    mustBe(areNumbers([widthNanoseconds, trailingNanoseconds, gateCode]), "an order");
    mustBe(order["burst"] === undefined || isBurst(order["burst"]), "an order");
  }
  return found as Omit<JournalledOrder, "codes">[];
}

function isBurst(value: unknown): boolean {
  if (!isRecord(value) || !(value["kind"] === "set" || value["kind"] === "reset")) return false;
  const { cycles, code, widthNanoseconds, gateCode } = value;
  return (
    isCount(cycles) &&
    cycles > 0 &&
    cycles <= mostBurstCycles &&
    areNumbers([code, widthNanoseconds, gateCode])
  );
}

/** What stands beside a sweep's numbers. */
export type Circumstances = Pick<
  SweepRecord,
  "converter" | "takenAt" | "boot" | "environment" | "bakeCelsius"
>;

export function circumstancesOf(text: string): Partial<Circumstances> {
  const what = "the circumstances of a sweep";
  const found = record(text, what);
  const { converter, takenAt, boot, environment, bakeCelsius } = found;
  if (converter !== undefined) {
    mustBe(isRecord(converter) && areNumbers(Object.values(converter)), what);
    mustBe(areNumbers([converter["microsiemensPerCode"], converter["offsetCodes"]]), what);
    mustBe(isCount(converter["codes"]) && converter["codes"] > 0, what);
  }
  mustBe(typeof takenAt === "string" || (takenAt === undefined && converter === undefined), what);
  mustBe(boot === undefined || isCount(boot), what);
  mustBe(
    environment === undefined ||
      (isRecord(environment) && areNumbersOrNull([environment["celsius"], environment["supplyVolts"]])),
    what,
  );
  mustBe(bakeCelsius === undefined || areNumbers([bakeCelsius]), what);
  return found;
}

export function noteOf(text: string): Omit<RunNote, "notedAt"> {
  const found = record(text, "a note");
  mustBe(areTexts(found, "what", "text") && areTextsOrNothing(found, "by"), "a note");
  const { calibration } = found;
  mustBe(calibration === undefined || isCalibration(calibration), "a calibration");
  return found as unknown as RunNote;
}

export function labelOf(text: string): LabelChange {
  const what = "labels";
  const found = record(text, what);
  const { add = [], remove = [], archived = false, sealed = false, unpacked = {}, deleted = false } = found;
  mustBe(areTexts(found, "at") && areTextsOrNothing(found, "by", "operator", "job"), what);
  for (const tags of [add, remove])
    mustBe(Array.isArray(tags) && tags.every((tag) => typeof tag === "string"), what);
  mustBe(
    [archived, sealed, deleted].every((flag) => typeof flag === "boolean"),
    what,
  );
  mustBe(
    found["unpacked"] === undefined || (isRecord(unpacked) && areTexts(unpacked, "file", "run", "origin")),
    what,
  );
  return found as unknown as LabelChange;
}

export function chipNoteOf(text: string): ChipNote {
  const what = "a note of a chip";
  const found = record(text, what);
  mustBe(areTexts(found, "notedAt") && areTextsOrNothing(found, "by", "wafer", "die", "text"), what);
  return found as unknown as ChipNote;
}

export function questionOf(text: string): QuestionChange {
  const what = "a question";
  const found = record(text, what);
  mustBe(areTexts(found, "at"), what);
  switch (found["kind"]) {
    case "asked": {
      const { answers, from } = found;
      mustBe(areTexts(found, "text") && areTextsOrNothing(found, "deadlineAt", "run"), what);
      mustBe(Array.isArray(answers) && answers.every((answer) => typeof answer === "string"), what);
      mustBe(isRecord(from) && areTexts(from, "host") && isCount(from["process"]), what);
      break;
    }
    case "answered":
      mustBe(areTexts(found, "question", "answer") && areTextsOrNothing(found, "by"), what);
      break;
    default:
      mustBe(found["kind"] === "closed" && areTexts(found, "question", "why"), what);
  }
  return found as unknown as QuestionChange;
}

export function groupChangeOf(text: string): GroupChange {
  const what = "a network over several chips";
  const found = record(text, what);
  const { kind, shares, spares } = found;
  const named = areTexts(found, "group") && isCount(found["share"]);
  switch (kind) {
    case "begun":
      mustBe(areTexts(found, "at", "title") && areTextsOrNothing(found, "corrects", "job"), what);
      mustBe(areNames(spares) && Array.isArray(shares) && shares.every(isShare), what);
      mustBe(found["recipe"] === undefined || isRecipe(found["recipe"]), what);
      break;
    case "serves":
      mustBe(named && areTexts(found, "run"), what);
      break;
    case "moved":
      mustBe(named && areTexts(found, "at", "chip", "why"), what);
      break;
    default:
      mustBe(kind === "spares" && areTexts(found, "at", "group") && areNames(spares), what);
  }
  return found as unknown as GroupChange;
}

function isShare(value: unknown): boolean {
  return isRecord(value) && isCount(value["firstTile"]) && isCount(value["tiles"]) && areTexts(value, "chip");
}

function isRecipe(value: unknown): boolean {
  if (!isRecord(value) || !areTexts(value, "file", "sha256", "method")) return false;
  return (
    areTextsOrNothing(value, "weights", "unit") &&
    isRecord(value["model"]) &&
    areAscending(value["sweepTimesSeconds"]) &&
    isCount(value["pulsesPerDevice"])
  );
}

function areNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

export function areTextsOrNothing(found: Fields, ...names: readonly string[]): boolean {
  return names.every((name) => found[name] === undefined || typeof found[name] === "string");
}

function isCalibration(value: unknown): boolean {
  if (!isRecord(value) || (value["by"] !== "products" && value["by"] !== "reads")) return false;
  const { count, tiles } = value;
  return isCount(count) && Array.isArray(tiles) && tiles.every(isTileFactors);
}

function isTileFactors(value: unknown): boolean {
  if (!isRecord(value) || !isCount(value["tile"])) return false;
  const { ageSeconds, compensation, compensations, offsetsMicrosiemens: offsets } = value;
  return (
    areNumbers([ageSeconds, compensation]) &&
    areNumbers(compensations) &&
    areNumbers(offsets) &&
    offsets.length === compensations.length
  );
}

export function forecastOf(text: string): Forecast {
  const what = "a forecast";
  const found = record(text, what);
  const { by, timesSeconds, rmsPercent, withoutRmsPercent = rmsPercent, later = [], testedToSeconds } = found;
  mustBe((by === "strategy" || by === "trim") && areTexts(found, "model", "modelDigest"), what);
  mustBe(areAscending(timesSeconds) && timesSeconds.length > 0 && timesSeconds[0]! > 0, what);
  mustBe(testedToSeconds === undefined || areNumbers([testedToSeconds]), what);
  for (const errors of [rmsPercent, withoutRmsPercent])
    mustBe(areNumbers(errors) && errors.length === timesSeconds.length && errors.every((e) => e >= 0), what);
  mustBe(Array.isArray(later), what);
  for (const look of later as unknown[])
    mustBe(isRecord(look) && areNumbers([look["ageSeconds"], look["rmsPercent"]]), what);
  if (found["accuracy"] !== undefined) mustBe(isAccuracy(found["accuracy"]), what);
  return found as unknown as Forecast;
}

/** What a strategy predicted of a network's accuracy. */
function isAccuracy(value: unknown): boolean {
  if (!isRecord(value) || !areTexts(value, "network", "networkDigest")) return false;
  const { measure, images, draws, softwareAccuracy, timesSeconds, mean, low, high } = value;
  if (measure !== undefined && measure !== "similarity") return false;
  if (!isCount(images) || !isCount(draws) || !areNumbers([softwareAccuracy])) return false;
  return (
    areAscending(timesSeconds) &&
    timesSeconds.length > 0 &&
    [mean, low, high].every((row) => areNumbers(row) && row.length === timesSeconds.length)
  );
}

export function watchOf(text: string): WatchSettings {
  const found = record(text, "a watch");
  const { timesSeconds, averages } = found;
  mustBe(areAscending(timesSeconds) && isCount(averages) && averages > 0, "a watch");
  return found as unknown as WatchSettings;
}

export function record(text: unknown, what: string): Fields {
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

export function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function areTexts(found: Fields, ...names: readonly string[]): boolean {
  return names.every((name) => typeof found[name] === "string");
}

function areNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number" && Number.isFinite(item));
}

/** JSON has null for NaN. */
function areNumbersOrNull(value: readonly unknown[]): boolean {
  return areNumbers(value.filter((item) => item !== null));
}

function areAscending(value: unknown): value is number[] {
  return areNumbers(value) && value.every((item, i) => item >= 0 && (i === 0 || item > value[i - 1]!));
}
