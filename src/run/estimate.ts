import type { ChipDescription } from "../chip/description.ts";
import { devicesPerRow } from "../chip/geometry.ts";
import type { ProgrammingMethod } from "../program/method.ts";
import type { Seconds } from "../units.ts";
import type { TileTargets } from "./plan.ts";

/** What a run is going to take, before a chip is touched. */
export interface Estimate {
  readonly devices: number;
  readonly tiles: number;
  /** Expected, over all devices. */
  readonly pulses: number;
  readonly pulsesPerDevice: number;
  /** No device gets more. */
  readonly mostPulsesPerDevice: number;
  /** Line and array together. */
  readonly seconds: Seconds;
}

/** Beneath this a device is RESET as far as it goes, µS. */
const nothing = 0.3;

export function estimateRun(
  { geometry, line, timing }: ChipDescription,
  tiles: readonly TileTargets[],
  { cost }: ProgrammingMethod,
  pulsesPerDevice: number,
): Estimate {
  const { pulses, idlePulses, turns, most } = cost;
  let devices = 0;
  let expected = 0;
  let rows = 0;
  for (const { targetsMicrosiemens, block } of tiles) {
    rows += block.rowCount;
    for (const target of targetsMicrosiemens) {
      if (Number.isNaN(target)) continue;
      devices++;
      expected += target < nothing ? idlePulses : pulses;
    }
  }
  const rowBytes = 2 * (2 * devicesPerRow(geometry) + 40);
  const rowSeconds =
    (rowBytes * line.bitsPerByte) / line.baud +
    (timing.pulseRowMicroseconds + 4 * timing.readRowMicroseconds) / 1e6;
  return {
    devices,
    tiles: tiles.length,
    pulses: Math.round(expected),
    pulsesPerDevice: devices === 0 ? 0 : expected / devices,
    mostPulsesPerDevice: Math.min(most, pulsesPerDevice),
    seconds: rows * turns * rowSeconds,
  };
}
