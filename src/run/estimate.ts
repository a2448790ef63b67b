import type { ChipDescription } from "../chip/description.ts";
import { devicesPerRow } from "../chip/geometry.ts";
import type { MethodName } from "../program/methods.ts";
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

/** Measured on emulated chips (docs/programming.md): pulses a device above nothing, and turns until the last one is in. */
const habits: Readonly<
  Record<MethodName, { pulses: number; idlePulses: number; turns: number; most: number }>
> = {
  "open-loop": { pulses: 1, idlePulses: 1, turns: 1, most: 1 },
  verify: { pulses: 6.3, idlePulses: 1.1, turns: 42, most: 30 },
  gdp: { pulses: 7.5, idlePulses: 2.2, turns: 75, most: 90 },
  "max-set-fill": { pulses: 3.5, idlePulses: 1.5, turns: 45, most: 31 },
  "on-board": { pulses: 7, idlePulses: 1.5, turns: 4, most: 90 },
  staircase: { pulses: 17, idlePulses: 8, turns: 250, most: 200 },
  residual: { pulses: 6.8, idlePulses: 2.2, turns: 70, most: 90 },
};

/** Beneath this a device is RESET as far as it goes, µS. */
const nothing = 0.3;

export function estimateRun(
  { geometry, line, timing }: ChipDescription,
  tiles: readonly TileTargets[],
  method: MethodName,
  pulsesPerDevice: number,
): Estimate {
  const { pulses, idlePulses, turns, most } = habits[method];
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
