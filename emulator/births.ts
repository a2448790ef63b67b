import type { ChipGeometry } from "../src/chip/geometry.ts";
import { normalOf, type Random, uniformOf } from "../src/random.ts";
import type { Defects, Outliers, PcmPhysics } from "./presets.ts";
import { type DeviceFault, deviceFaults } from "./tile.ts";

/** What each PCM device was born with and keeps: its own amplitude → conductance curve and its leaning in drift. */
export interface PcmBirths {
  readonly topConductance: Float32Array;
  readonly residualConductance: Float32Array;
  readonly halfwayAmplitude: Float32Array;
  readonly slopeAmplitude: Float32Array;
  /** The device's own part of how strongly it drifts, in standard deviations. */
  readonly driftLeaning: Float32Array;
}

/** Draws the devices of one tile; `first` is the number of its first device in the chip. */
export function drawPcmBirths(
  physics: PcmPhysics,
  { rows, columns, devicesPerCell }: ChipGeometry,
  first: number,
  random: Random,
): PcmBirths {
  const perRow = columns * devicesPerCell;
  const count = rows * perRow;
  // A linear gradient from −g/2 to +g/2 has the variance g²/12; the rest is the device's own.
  const gradient = physics.halfwayGradient * physics.halfwayAmplitude;
  const ownSpread = Math.sqrt(physics.halfwaySpread * physics.halfwaySpread - (gradient * gradient) / 12);
  const births: PcmBirths = {
    topConductance: new Float32Array(count),
    residualConductance: new Float32Array(count),
    halfwayAmplitude: new Float32Array(count),
    slopeAmplitude: new Float32Array(count),
    driftLeaning: new Float32Array(count),
  };
  for (let i = 0; i < count; i++) {
    random.at(first + i, 0);
    births.topConductance[i] = physics.topConductance + physics.topSpread * normalOf(random.word0);
    births.residualConductance[i] =
      physics.residualConductance * Math.exp(physics.residualLogSpread * normalOf(random.word1));
    random.at(first + i, 1);
    const row = Math.floor(i / perRow);
    const place = rows > 1 ? row / (rows - 1) - 0.5 : 0;
    births.halfwayAmplitude[i] =
      physics.halfwayAmplitude + gradient * place + ownSpread * normalOf(random.word0);
    births.slopeAmplitude[i] =
      physics.slopeAmplitude * Math.exp(physics.slopeLogSpread * normalOf(random.word1));
    births.driftLeaning[i] = normalOf(random.at(first + i, 2).word0);
  }
  return births;
}

/** Which devices are born wrong, and how many pulses each bears. */
export interface BornDefects {
  readonly faults: Uint8Array;
  /** Pulses after which a weak device sticks; 0 for one that does not wear out. */
  readonly endurance: Uint16Array;
}

export function drawDefects(defects: Defects, count: number, first: number, random: Random): BornDefects {
  const faults = new Uint8Array(count);
  const endurance = new Uint16Array(count);
  const { stuckHigh, stuckLow, open, weak } = defects;
  const shares: [number, DeviceFault][] = [
    [stuckHigh, deviceFaults.stuckHigh],
    [stuckLow, deviceFaults.stuckLow],
    [open, deviceFaults.open],
    [weak, deviceFaults.weak],
  ];
  if (stuckHigh + stuckLow + open + weak === 0) return { faults, endurance };
  for (let i = 0; i < count; i++) {
    let share = uniformOf(random.at(first + i, 0).word0);
    const kind = shares.find(([size]) => (share -= size) < 0)?.[1];
    if (kind === undefined) continue;
    faults[i] = kind;
    if (kind !== deviceFaults.weak) continue;
    const pulses = defects.weakEndurance * Math.exp(0.5 * normalOf(random.word1));
    endurance[i] = Math.min(65_535, Math.max(1, Math.round(pulses)));
  }
  return { faults, endurance };
}

/** Ways of a device that lie outside every family of models; each one bit. */
export const oddities = { curved: 1, telegraph: 2, fastDrifting: 4, crystallising: 8 } as const;

/** @returns one byte a device, or undefined where the preset has none. */
export function drawOddities(
  outliers: Outliers,
  count: number,
  first: number,
  random: Random,
): Uint8Array | undefined {
  const names = Object.keys(oddities) as (keyof Outliers)[];
  if (names.every((name) => outliers[name] === 0)) return undefined;
  const odd = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    names.forEach((name, n) => {
      if (uniformOf(random.at(first + i, n).word0) < outliers[name]) odd[i]! |= oddities[name];
    });
  }
  return odd;
}
