import { crc32c } from "../../protocols/crc32c.ts";
import { amplitudePerCode, type ChipDescription, highestCode } from "../../src/chip/description.ts";
import { devicesPerRow } from "../../src/chip/geometry.ts";
import { MhoError } from "../../src/errors.ts";

/** What a board is told of its chip beside the chip's description. */
export interface BoardSettings {
  /** Of the chip on the board: runs and wear are kept by it. */
  readonly serialNumber: string;
  /** Silence of the host after which the board goes to standby. */
  readonly watchdogSeconds: number;
  readonly maxAverages: number;
  /** What devices are given to settle after a pulse of the board's own loop. */
  readonly settleMicroseconds: number;
}

export const usualSettings: Omit<BoardSettings, "serialNumber"> = {
  watchdogSeconds: 10,
  maxAverages: 256,
  settleMicroseconds: 1000,
};

/** Where in the processor's memory the block stands: the two flash sectors after the firmware's. */
export const blockAddress = 0x1002_0000;
const blockBytes = 8192;

/** The block of flash that tells the reference firmware of its chip. firmware/README.md has its layout. */
export function descriptionBlock(description: ChipDescription, settings: BoardSettings): Uint8Array {
  const { geometry, converter, limits, name, document } = description;
  if (devicesPerRow(geometry) > mostDevices) {
    throw bad(`has rows of ${devicesPerRow(geometry)} devices, and the firmware has room for ${mostDevices}`);
  }
  const json = new TextEncoder().encode(document?.text ?? "{}");
  const block = new Uint8Array(headBytes + json.length);
  if (block.length > blockBytes) {
    throw bad(`takes ${json.length} bytes, and there is room for ${blockBytes - headBytes}`);
  }
  const view = new DataView(block.buffer);
  let at = 0;
  const u16 = (value: number): void => {
    view.setUint16(at, fitting(value, 0xffff), true);
    at += 2;
  };
  const u32 = (value: number): void => {
    view.setUint32(at, fitting(value, 0xffffffff), true);
    at += 4;
  };
  const text = (value: string): void => {
    const bytes = new TextEncoder().encode(value);
    if (bytes.length > longestText)
      throw bad(`has a name or a serial number of more than ${longestText} bytes`);
    block[at++] = bytes.length;
    block.set(bytes, at);
    at += bytes.length;
  };
  const { pulses } = description;
  const isVolts = pulses.technology.amplitudeUnit === "V";
  const curve = curveOf(description);
  u32(magic);
  u16(layout);
  u16(isVolts ? 1 : 0);
  u32(json.length);
  u32(crc32c(json));
  u16(geometry.tiles);
  u16(geometry.rows);
  u16(geometry.columns);
  u16(geometry.devicesPerCell);
  u16(converter.codes);
  u16(highestCode(description));
  u16(highestGateCode);
  u16(settings.maxAverages);
  u32(Math.ceil(limits.minWidthNanoseconds));
  u32(Math.floor(limits.maxWidthNanoseconds));
  u32(Math.floor(limits.maxTrailingNanoseconds));
  u32(Math.min(Math.max(usualWidthNanoseconds, limits.minWidthNanoseconds), limits.maxWidthNanoseconds));
  u32(Math.round(1e6 * settings.watchdogSeconds));
  u32(settings.settleMicroseconds);
  u16(description.referencesMicrosiemens?.length ?? 0);
  u16(Math.round(converter.offsetCodes) & 0xffff);
  u32(Math.round(1e6 * converter.microsiemensPerCode));
  u32(Math.max(1, Math.round((isVolts ? 1e9 : 1e3) * amplitudePerCode(pulses))));
  u32(rowCodesOf(description));
  u16(curve.length);
  for (const [code, amplitude] of curve) {
    u16(code);
    u16(amplitude);
  }
  text(name);
  text(settings.serialNumber);
  view.setUint32(headBytes - 4, crc32c(block, 0, headBytes - 4), true);
  block.set(json, headBytes);
  return block;
}

/** What the amplitude codes of a row may come to, where devices draw a current for them; 0 for no such limit. */
function rowCodesOf({ pulses, limits }: ChipDescription): number {
  const perCode = pulses.technology.drawnMicroamperesPerCode(pulses);
  if (perCode === undefined || limits.maxRowMilliamperes === undefined) return 0;
  return Math.max(1, Math.floor((1000 * limits.maxRowMilliamperes) / perCode + 1e-9));
}

/** Points of the nominal curve as codes: converter codes that rise, and the amplitude code that sets each. None where no pulse sets one. */
function curveOf({ pulses, converter }: ChipDescription): [number, number][] {
  const kind = pulses.technology.response?.of(pulses);
  if (kind === undefined) return [];
  const { amplitudeMicroamperes, conductanceMicrosiemens } = kind.nominalCurve;
  const points = Array.from(conductanceMicrosiemens, (conductance, k): [number, number] => [
    Math.round(conductance / converter.microsiemensPerCode + converter.offsetCodes),
    Math.round(amplitudeMicroamperes[k]! / amplitudePerCode(pulses)),
  ])
    .filter(([code]) => code >= 0 && code < converter.codes)
    .sort(([a], [b]) => a - b);
  // Where the curve is flat, many amplitudes give one code: the one nearest to where it bends is meant.
  const rising: [number, number][] = [];
  for (const point of points) {
    const last = rising.at(-1);
    if (last === undefined || point[0] > last[0]) rising.push(point);
    else if (rising.length === 1) rising[0] = nearer(rising[0]!, point);
  }
  return rising.length <= mostPoints
    ? rising
    : rising.filter((_, k) => k % Math.ceil(rising.length / mostPoints) === 0);
}

/** At the low end, the smaller amplitude: RESET pulses that are stronger do nothing more. */
function nearer(a: [number, number], b: [number, number]): [number, number] {
  return b[1] < a[1] ? b : a;
}

function fitting(value: number, most: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw bad(`holds ${value}, and the firmware takes whole numbers from 0 to ${most} there`);
}

function bad(why: string): MhoError {
  return new MhoError("bad-file", `The chip's description ${why}.`);
}

const magic = 0x444f_484d;
const layout = 1;
const headBytes = 512;
const mostDevices = 1024;
const mostPoints = 48;
const longestText = 64;
/** The firmware leaves gate codes to the electronics: descriptions say nothing of them. */
const highestGateCode = 0xffff;
const usualWidthNanoseconds = 100;
