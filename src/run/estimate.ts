import type { ChipDescription, ChipDocument } from "../chip/description.ts";
import { devicesPerRow } from "../chip/geometry.ts";
import type { MethodCost, ProgrammingMethod } from "../program/method.ts";
import type { Seconds } from "../units.ts";
import type { RunPlan, TileTargets } from "./plan.ts";

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

/**
 * Pulses that a run is going to take; undefined for a method that is not known.
 *
 * @param document  the chip's description: methods of one name serve different technologies.
 */
export function expectedPulses(
  { tiles, method }: Pick<RunPlan, "tiles" | "method">,
  document: ChipDocument | undefined,
  methods: readonly ProgrammingMethod[],
): number | undefined {
  const { technology } = JSON.parse(document?.text ?? "{}") as { readonly technology?: string };
  const named = methods.filter(({ name }) => name === method);
  const found = named.find(({ technologies }) => technologies.includes(technology ?? "")) ?? named[0];
  return found && expectedOf(tiles, found.cost).expected;
}

function expectedOf(
  tiles: readonly TileTargets[],
  { pulses, idlePulses }: MethodCost,
): { readonly devices: number; readonly expected: number } {
  let devices = 0;
  let expected = 0;
  for (const { targetsMicrosiemens } of tiles) {
    for (const target of targetsMicrosiemens) {
      if (Number.isNaN(target)) continue;
      devices++;
      expected += target < nothing ? idlePulses : pulses;
    }
  }
  return { devices, expected };
}

export function estimateRun(
  { geometry, line, timing }: ChipDescription,
  tiles: readonly TileTargets[],
  { cost }: ProgrammingMethod,
  pulsesPerDevice: number,
): Estimate {
  const { turns, most } = cost;
  const { devices, expected } = expectedOf(tiles, cost);
  const rows = tiles.reduce((sum, { block }) => sum + block.rowCount, 0);
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
