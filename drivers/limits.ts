import { amplitudePerCode, type ChipDescription, highestCode } from "../src/chip/description.ts";
import { placesOfCodes } from "../src/chip/codes.ts";
import { type BoardVerifyOrder, mostBurstCycles, type PulseOrder } from "../src/chip/driver.ts";
import { type Block, devicesOfBlock, devicesPerRow } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";
import type { Microseconds } from "../src/units.ts";
import { endOfTime } from "./chipTimes.ts";

/*
 * What goes into a driver is checked here, in every dialect, before a byte leaves: numbers come from scripts, too. What comes from a board
 * is checked in `answers.ts` and `chipTimes.ts`.
 */

/** What the fields of a request hold, in every dialect. */
const most16 = 0xffff;
const most32 = 0xffffffff;

/** Throws `limit-exceeded`, naming the limit, when an order lies outside what the chip may be given. */
export function refuseOutsideLimits(
  description: ChipDescription,
  block: Block,
  order: Pick<
    PulseOrder,
    "kind" | "codes" | "widthNanoseconds" | "trailingNanoseconds" | "gateCode" | "burst"
  > &
    Partial<Pick<PulseOrder, "firstTicket">>,
): void {
  const { limits, pulses, geometry } = description;
  const { widthNanoseconds, trailingNanoseconds = 0, gateCode = 0 } = order;
  const refuse = refusing(description, "Nothing was fired");
  refuseBlock(description, block, refuse);
  refuseKind(order.kind);
  refuseTickets(order.firstTicket, block.rowCount);
  refuseCount("codes", order.codes, devicesOfBlock(geometry, block));
  refuseWidth(description, widthNanoseconds, refuse);
  const longest = Math.min(limits.maxTrailingNanoseconds, most32);
  if (!isWhole(trailingNanoseconds, 0, longest)) {
    refuse(`a trailing edge of ${trailingNanoseconds} ns is not a whole number from 0 to ${longest} ns`);
  }
  if (!isWhole(gateCode, 0, most16)) {
    refuse(`a gate code of ${gateCode} is not a whole number from 0 to ${most16}`);
  }
  const { burst } = order;
  if (burst !== undefined) {
    refuseKind(burst.kind);
    refuseWidth(description, burst.widthNanoseconds, refuse);
    if (!isWhole(burst.gateCode, 0, most16)) refuse(`a gate code of ${burst.gateCode} is not a whole number`);
    if (!isWhole(burst.cycles, 1, mostBurstCycles))
      refuse(`${burst.cycles} cycles of a burst are not a whole number from 1 to ${mostBurstCycles}`);
    if (!isWhole(burst.code, 1, most16)) refuse(`a code of ${burst.code} is not a whole number from 1 on`);
  }
  const places = placesOfCodes(order.codes);
  let highest = burst?.code ?? 0;
  for (const i of places) if (order.codes[i]! > highest) highest = order.codes[i]!;
  if (highest > highestCode(description)) {
    const { amplitudeUnit: unit } = pulses.technology;
    const amplitude = (highest * amplitudePerCode(pulses)).toFixed(2).replace(/\.?0+$/, "");
    refuse(`an amplitude of ${amplitude} ${unit} is above ${limits.maxAmplitude} ${unit}`);
  }

  const most = limits.maxRowMilliamperes;
  const perCode = pulses.technology.drawnMicroamperesPerCode(pulses);
  if (most !== undefined && perCode !== undefined) {
    const perRow = devicesPerRow(geometry);
    const sums = new Float64Array(block.rowCount);
    for (const i of places) sums[Math.floor(i / perRow)]! += Math.max(order.codes[i]!, burst?.code ?? 0);
    for (const sum of sums) {
      const drawn = (sum * perCode) / 1000;
      if (drawn > most + 1e-9) refuse(`a row would draw ${drawn.toFixed(1)} mA, and ${most} mA are allowed`);
    }
  }
}

/** The same for a loop of the board's own. */
export function refuseVerifyOutsideLimits(
  description: ChipDescription,
  block: Block,
  {
    targetsMicrosiemens,
    marginMicrosiemens,
    iterations,
    widthNanoseconds,
    firstTicket,
  }: Omit<BoardVerifyOrder, "firstTicket"> & Partial<Pick<BoardVerifyOrder, "firstTicket">>,
): void {
  const { microsiemensPerCode, codes } = description.converter;
  const refuse = refusing(description, "Nothing was fired");
  refuseBlock(description, block, refuse);
  refuseTickets(firstTicket, block.rowCount);
  refuseCount("targets", targetsMicrosiemens, devicesOfBlock(description.geometry, block));
  refuseWidth(description, widthNanoseconds, refuse);
  if (!isWhole(iterations, 1, most16)) {
    refuse(`${iterations} iterations are not a whole number from 1 to ${most16}`);
  }
  const widest = microsiemensPerCode * codes;
  if (!(marginMicrosiemens >= 0 && marginMicrosiemens <= widest)) {
    refuse(`a margin of ${marginMicrosiemens} µS is outside 0 … ${widest.toFixed(2)} µS`);
  }
  const endless = targetsMicrosiemens.find((target) => Math.abs(target) === Infinity);
  if (endless !== undefined) refuse(`a target of ${endless} µS is not a conductance`);
}

/** The same for a read of a block. Throws `limit-exceeded` before anything is sent. */
export function refuseReadOutsideLimits(
  description: ChipDescription,
  block: Block,
  averages: number,
  readVolts?: number,
  wanted?: Uint8Array,
): void {
  const refuse = refusing(description, "Nothing was read");
  refuseBlock(description, block, refuse);
  if (wanted !== undefined && wanted.length !== block.rowCount)
    bad(`Nothing was read: ${wanted.length} marks came for the ${block.rowCount} rows that may be read`);
  refuseReadVolts(description, readVolts, refuse);
  if (!isWhole(averages, 1, most16)) {
    refuse(`${averages} averages are not a whole number from 1 to ${most16}`);
  }
}

/** Of a board that reads with one voltage. Throws `bad-argument` for another. */
export function refuseOtherReadVolts({ converter }: ChipDescription, readVolts: number | undefined): void {
  if (readVolts === undefined || readVolts === converter.readVolts) return;
  bad(`Nothing was read: the board reads with its usual voltage alone, and ${readVolts} V were asked for`);
}

/** Throws `bad-argument` for inputs of a product that no tile takes: −127 … 127, one a row. */
export function refuseInputs({ geometry }: ChipDescription, inputs: readonly Int8Array[]): void {
  for (const vector of inputs) {
    if (!(vector instanceof Int8Array) || vector.length !== geometry.rows || vector.includes(-128))
      bad(`No product was taken: inputs are ${geometry.rows} whole numbers from −127 to 127, one a row`);
  }
}

/** Throws `bad-argument` for a time that no chip can be moved on by. */
export function refuseAdvance(now: Microseconds, duration: Microseconds): void {
  if (isWhole(duration, 0, endOfTime - 1 - now)) return;
  bad(
    `Time was not moved: ${duration} µs is not a whole number of µs from 0 on with which chip time stays below 2^52 µs`,
  );
}

/** Throws `bad-argument` for tickets that no driver has given. */
export function refuseFates(firstTicket: number, rowCount: number): void {
  if (!isWhole(rowCount, 0, most32)) bad(`No ticket was asked for: ${rowCount} is no count of rows`);
  refuseTickets(firstTicket, rowCount);
}

function refuseTickets(firstTicket: number | undefined, count: number): void {
  if (firstTicket !== undefined && !isWhole(firstTicket, 0, Number.MAX_SAFE_INTEGER - count))
    bad(`Nothing was sent: a ticket of ${firstTicket} is not a whole number that a chip can keep`);
}

/** From a script, or a file that nothing has checked. */
function refuseKind(kind: string | undefined): void {
  if (kind === undefined || kind === "reset" || kind === "set") return;
  bad(`Nothing was fired: a pulse of the kind ${JSON.stringify(kind)} is neither "reset" nor "set"`);
}

/** What a script without types hands over may be a plain list, which holds what no code can be. */
function refuseCount(what: string, values: Uint16Array | Float32Array, devices: number): void {
  const isKnown = values instanceof Uint16Array || values instanceof Float32Array;
  if (!isKnown || values.length !== devices)
    bad(`Nothing was fired: the ${what} are no typed array of ${devices} numbers, one a device of the block`);
}

function bad(what: string): never {
  throw new MhoError("bad-argument", `${what}. Change the call.`);
}

/** A description that does not say what devices are read with says nothing of other voltages. */
function refuseReadVolts(
  { converter: { readVolts: usual }, limits: { maxReadVolts } }: ChipDescription,
  volts: number | undefined,
  refuse: Refuse,
): void {
  if (volts === undefined || volts === usual) return;
  if (usual === undefined)
    refuse(`a read voltage of ${volts} V needs converter.read_volts in the description, which is not there`);
  const most = maxReadVolts ?? usual;
  if (!(volts >= leastReadVolts && volts <= most))
    refuse(`a read voltage of ${volts} V is not from ${leastReadVolts} to ${most} V`);
}

/** What the dialects can carry. */
const leastReadVolts = 0.001;

type Refuse = (what: string) => never;

function refusing({ name }: ChipDescription, outcome: string): Refuse {
  return (what) => {
    throw new MhoError(
      "limit-exceeded",
      `${outcome}: ${what}, a limit of chip ${name}. Change the order, or the chip's description.`,
      { chip: name },
    );
  };
}

function refuseBlock(
  { geometry }: ChipDescription,
  { tile, rowStart, rowCount }: Block,
  refuse: Refuse,
): void {
  const there =
    isWhole(tile, 0, geometry.tiles - 1) &&
    isWhole(rowStart, 0, geometry.rows - 1) &&
    isWhole(rowCount, 1, geometry.rows - rowStart);
  if (!there) refuse(`tile ${tile}, rows ${rowStart} to ${rowStart + rowCount - 1}, is not on the chip`);
}

function refuseWidth({ limits }: ChipDescription, width: number, refuse: Refuse): void {
  const { minWidthNanoseconds: least, maxWidthNanoseconds } = limits;
  const most = Math.min(maxWidthNanoseconds, most32);
  if (!isWhole(width, least, most)) {
    refuse(`a width of ${width} ns is not a whole number from ${least} to ${most} ns`);
  }
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
