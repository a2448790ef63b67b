import { type BlockReadOut, conductancesOf } from "../files/writeReadOut.ts";
import { readingFlags } from "../src/chip/driver.ts";
import { counted } from "../src/counted.ts";
import type { Output } from "./output.ts";

/** Values on a line of the terminal. */
const aLine = 8;
/** Rows of up to so many devices are shown value by value. */
const mostShown = 1024;

/** Shows a row or a device value by value, and of a tile its distribution. */
export function tellReadOut(blocks: readonly BlockReadOut[], output: Output): void {
  for (const block of blocks) {
    const { chip, serialNumber, block: place, device } = block;
    const values = conductancesOf(block);
    const rows = place.rowCount === 1 ? `, row ${place.rowStart}` : "";
    const one = device === undefined ? "" : `, device ${device}`;
    output.say(`${chip} number ${serialNumber}, tile ${place.tile}${rows}${one}`, "bold");
    if (place.rowCount === 1 && values.length <= mostShown)
      tellValues(values, flagsOf(block), device ?? 0, output);
    if (values.length > 1) output.say(`  ${distributionText(block)}`);
  }
}

function tellValues(values: Float32Array, flags: Uint8Array, first: number, output: Output): void {
  for (let at = 0; at < values.length; at += aLine) {
    const line = Array.from(values.subarray(at, at + aLine), (value, k) =>
      valueText(value, flags[at + k] === readingFlags.saturated),
    ).join("");
    output.say(`  ${String(first + at).padStart(5)} ${line} µS`);
  }
}

/** A converter at its end has seen so much at least. */
function valueText(microsiemens: number, isSaturated: boolean): string {
  const text = Number.isNaN(microsiemens) ? "–" : microsiemens.toFixed(2);
  return (isSaturated ? `≥${text}` : text).padStart(9);
}

function distributionText(block: BlockReadOut): string {
  const { mean, least, median, most, saturated, invalid, devices } = summaryOf(block);
  const odd = [
    ...(saturated > 0 ? [`${saturated} saturated`] : []),
    ...(invalid > 0 ? [`${invalid} without a reading`] : []),
  ];
  const values =
    mean === null
      ? "no device gave a reading"
      : `mean ${mean.toFixed(2)}, least ${least!.toFixed(2)}, median ${median!.toFixed(2)}, most ${saturated > 0 ? "≥" : ""}${most!.toFixed(2)} µS`;
  return [`${counted(devices, "device")}: ${values}`, ...odd].join("; ");
}

function flagsOf({ device, reading }: BlockReadOut): Uint8Array {
  return device === undefined ? reading.flags : reading.flags.subarray(device, device + 1);
}

function summaryOf(block: BlockReadOut) {
  const values = conductancesOf(block);
  const flags = flagsOf(block);
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const flagged = (flag: number): number => flags.reduce((sum, one) => sum + (one === flag ? 1 : 0), 0);
  const read = sorted.length;
  return {
    devices: values.length,
    mean: read === 0 ? null : sorted.reduce((sum, value) => sum + value, 0) / read,
    least: sorted[0] ?? null,
    median: sorted[read >> 1] ?? null,
    most: sorted[read - 1] ?? null,
    saturated: flagged(readingFlags.saturated),
    invalid: flagged(readingFlags.invalid),
  };
}

/** The same as fields of a `result`; every value where they are few. */
export function readOutFields(blocks: readonly BlockReadOut[]) {
  return blocks.map((block) => {
    const { chip, serialNumber, block: place, device, reading } = block;
    const { mean, least, median, most, ...counts } = summaryOf(block);
    const values = conductancesOf(block);
    return {
      chip,
      serial_number: serialNumber,
      tile: place.tile,
      row_start: place.rowStart,
      row_count: place.rowCount,
      device: device ?? null,
      ...counts,
      mean_microsiemens: mean,
      least_microsiemens: least,
      median_microsiemens: median,
      most_microsiemens: most,
      read_at_microseconds: reading.rowTimesMicroseconds[0]!,
      conductance_microsiemens:
        values.length <= mostShown
          ? Array.from(values, (value) => (Number.isNaN(value) ? null : value))
          : null,
    };
  });
}
