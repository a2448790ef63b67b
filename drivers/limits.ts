import { amplitudePerCode, type ChipDescription, highestCode } from "../src/chip/description.ts";
import { type BoardVerifyOrder, mostBurstCycles, type PulseOrder } from "../src/chip/driver.ts";
import { type Block, devicesPerRow } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";

/** What the fields of a request hold, in every dialect. */
const most16 = 0xffff;
const most32 = 0xffffffff;

/** Throws `limit-exceeded`, naming the limit, when an order lies outside what the chip may be given. */
export function refuseOutsideLimits(
  description: ChipDescription,
  block: Block,
  order: Pick<PulseOrder, "codes" | "widthNanoseconds" | "trailingNanoseconds" | "gateCode" | "burst">,
): void {
  const { limits, pulses, geometry } = description;
  const { widthNanoseconds, trailingNanoseconds = 0, gateCode = 0 } = order;
  const refuse = refusing(description, "Nothing was fired");
  refuseBlock(description, block, refuse);
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
    refuseWidth(description, burst.widthNanoseconds, refuse);
    if (!isWhole(burst.gateCode, 0, most16)) refuse(`a gate code of ${burst.gateCode} is not a whole number`);
    if (!isWhole(burst.cycles, 1, mostBurstCycles))
      refuse(`${burst.cycles} cycles of a burst are not a whole number from 1 to ${mostBurstCycles}`);
    if (!isWhole(burst.code, 1, most16)) refuse(`a code of ${burst.code} is not a whole number from 1 on`);
  }
  const highest = order.codes.reduce((max, code) => Math.max(max, code), burst?.code ?? 0);
  if (highest > highestCode(description)) {
    const { amplitudeUnit: unit } = pulses.technology;
    const amplitude = (highest * amplitudePerCode(pulses)).toFixed(2).replace(/\.?0+$/, "");
    refuse(`an amplitude of ${amplitude} ${unit} is above ${limits.maxAmplitude} ${unit}`);
  }

  const most = limits.maxRowMilliamperes;
  const perCode = pulses.technology.drawnMicroamperesPerCode(pulses);
  if (most !== undefined && perCode !== undefined) {
    const perRow = devicesPerRow(geometry);
    for (let first = 0; first < order.codes.length; first += perRow) {
      let sum = 0;
      for (let i = first; i < first + perRow; i++)
        if (order.codes[i] !== 0) sum += Math.max(order.codes[i]!, burst?.code ?? 0);
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
  }: Omit<BoardVerifyOrder, "firstTicket">,
): void {
  const { microsiemensPerCode, codes } = description.converter;
  const refuse = refusing(description, "Nothing was fired");
  refuseBlock(description, block, refuse);
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
): void {
  const refuse = refusing(description, "Nothing was read");
  refuseBlock(description, block, refuse);
  refuseReadVolts(description, readVolts, refuse);
  if (!isWhole(averages, 1, most16)) {
    refuse(`${averages} averages are not a whole number from 1 to ${most16}`);
  }
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
