import { EmulatedChip } from "../emulator/chip.ts";
import type { PcmPhysics, Preset } from "../emulator/presets.ts";

/** The procedures by which published statistics were taken, on an emulated chip, without any code of the controller. */

const second = 1_000_000;

export interface Programmed {
  readonly chip: EmulatedChip;
  /** Chip time after the last pulse. */
  readonly endedAt: number;
  /** Pulses fired, one entry a device. */
  readonly pulses: Uint16Array;
  readonly done: Uint8Array;
}

/**
 * PCM: every device of tile 0 to one target by RESET pulses, one read 1 ms after each, at most 30 iterations; each
 * device's amplitude offset from the nominal curve is learned by a scalar Kalman filter.
 */
export function programPcm(preset: Preset, seed: number, target: number, margin: number): Programmed {
  const chip = new EmulatedChip(preset, seed);
  const perRow = chip.devicesPerRow;
  const { rows } = preset.geometry;
  const count = rows * perRow;
  const offset = new Float64Array(count);
  const doubt = new Float64Array(count).fill(400);
  const done = new Uint8Array(count);
  const pulses = new Uint16Array(count);
  const { microsiemensPerCode } = preset.readout;
  const { microamperesPerCode } = preset.firmware;
  const seen = new Uint16Array(perRow);
  let now = second;
  for (let iteration = 0; iteration < 30; iteration++) {
    for (let row = 0; row < rows; row++) {
      const codes = new Uint16Array(perRow);
      for (let k = 0; k < perRow; k++) {
        const i = row * perRow + k;
        if (done[i]) continue;
        codes[k] = Math.max(1, Math.round((nominalAmplitude(target) + offset[i]!) / microamperesPerCode));
        pulses[i]!++;
      }
      if (codes.every((code) => code === 0)) continue;
      const pulse = {
        kind: "reset",
        codes,
        widthNanoseconds: 100,
        trailingNanoseconds: 0,
        gateCode: 0,
      } as const;
      chip.pulseRow(0, row, pulse, now);
      now += 1000;
      chip.readRow(0, row, 1, now, seen);
      now += 20;
      for (let k = 0; k < perRow; k++) {
        const i = row * perRow + k;
        if (codes[k] === 0) continue;
        // A read 1 ms after the pulse is above what it will be at 20 s: drift of the mean device, taken off.
        const read = seen[k]! * microsiemensPerCode;
        const settled = read * Math.exp(0.05 * Math.log(1.001 / 21));
        if (Math.abs(settled - target) <= margin) {
          done[i] = 1;
          continue;
        }
        const held = Math.min(29.5, Math.max(0.2, settled));
        const applied = codes[k]! * microamperesPerCode;
        const slope = 22 / ((held / 30) * (1 - held / 30) * 30);
        const noise = 25 + slope * 0.09 * held * (slope * 0.09 * held);
        const gain = doubt[i]! / (doubt[i]! + noise);
        offset[i]! += gain * (applied - nominalAmplitude(held) - offset[i]!);
        doubt[i]! *= 1 - gain;
      }
    }
  }
  return { chip, endedAt: now, pulses, done };
}

function nominalAmplitude(target: number): number {
  return 250 + 22 * Math.log((30 - target) / Math.max(target - 0.12, 0.02));
}

/** Means of 16 reads over 1 s, at an age of 20 s, of every device of tile 0. */
export function sixteenReads({ chip, endedAt }: Programmed): Float64Array {
  const { geometry, readout } = chip.preset;
  const perRow = chip.devicesPerRow;
  const sums = new Float64Array(geometry.rows * perRow);
  const codes = new Uint16Array(perRow);
  for (let n = 0; n < 16; n++) {
    for (let row = 0; row < geometry.rows; row++) {
      chip.readRow(0, row, 1, endedAt + 20 * second + n * (second / 16), codes);
      codes.forEach((code, k) => (sums[row * perRow + k]! += (code * readout.microsiemensPerCode) / 16));
    }
  }
  return sums;
}

/**
 * ReRAM: incremental-step pulses to ± 1 µS. A SET ramp from 1.2 V where too low, a RESET ramp from 1.5 V where too high,
 * 0.1 V a step up to 3.3 V, begun anew at every reversal; at most 20 reversals.
 *
 * @param targets  µS, one a device of tile 0.
 */
export function programRram(preset: Preset, seed: number, targets: Float64Array): Programmed {
  const chip = new EmulatedChip(preset, seed);
  const perRow = chip.devicesPerRow;
  const { rows } = preset.geometry;
  const count = rows * perRow;
  const [direction, reversals] = [new Int8Array(count), new Uint8Array(count)];
  const volts = new Float64Array(count);
  const [pulses, done, lost] = [new Uint16Array(count), new Uint8Array(count), new Uint8Array(count)];
  const seen = new Uint16Array(perRow);
  let now = second;
  for (let turn = 0; turn < 1000; turn++) {
    let fired = 0;
    for (let row = 0; row < rows; row++) {
      const [set, reset] = [new Uint16Array(perRow), new Uint16Array(perRow)];
      let open = false;
      for (let k = 0; k < perRow; k++) open ||= done[row * perRow + k] === 0 && lost[row * perRow + k] === 0;
      if (!open) continue;
      chip.readRow(0, row, 1, now, seen);
      now += 20;
      for (let k = 0; k < perRow; k++) {
        const i = row * perRow + k;
        if (done[i] || lost[i]) continue;
        const error = seen[k]! * preset.readout.microsiemensPerCode - targets[i]!;
        if (Math.abs(error) <= 1) {
          done[i] = 1;
          continue;
        }
        const wanted = error < 0 ? 1 : -1;
        if (wanted === direction[i]) volts[i] = Math.min(3.3, volts[i]! + 0.1);
        else {
          if (direction[i] !== 0) reversals[i]!++;
          direction[i] = wanted;
          volts[i] = wanted > 0 ? 1.2 : 1.5;
        }
        if (reversals[i]! > 20) {
          lost[i] = 1;
          continue;
        }
        (wanted > 0 ? set : reset)[k] = Math.round(volts[i]! / 0.005);
        pulses[i]!++;
        fired++;
      }
      const rest = { widthNanoseconds: 1000, trailingNanoseconds: 0, gateCode: 0 };
      chip.pulseRow(0, row, { kind: "set", codes: set, ...rest }, now);
      now += 10;
      chip.pulseRow(0, row, { kind: "reset", codes: reset, ...rest }, now);
      now += 10;
    }
    if (fired === 0) break;
  }
  return { chip, endedAt: now, pulses, done };
}

export function statistics(values: readonly number[]): { mean: number; std: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return {
    mean,
    std: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / values.length),
  };
}

const clip = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Published mean and σ of ν of the 90 nm array (Joshi et al. 2020), and of HERMES (Le Gallo et al. 2023). */
export const published90nm = (r: number) => ({
  mean: clip(-0.0155 * Math.log(r) + 0.0244, 0.049, 0.1),
  std: clip(-0.0125 * Math.log(r) - 0.0059, 0.008, 0.045),
});
export const publishedHermes = (r: number) => ({
  mean:
    r < 0.0945 ? clip(-0.0387 * Math.log(r) - 0.0182, 0.072, 0.13) : -0.0436 * r * r - 0.0126 * r + 0.0736,
  std:
    r < 0.3055 ? clip(-0.0117 * Math.log(r) - 0.0057, 0.0091, 0.04) : -0.0118 * r * r + 0.0093 * r + 0.0073,
});

/** ν of the devices that pulses left within 4 % of a level, from their truth at 20 s and 1 day. */
export function exponentsNear(preset: Preset, level: number): number[] {
  const chip = new EmulatedChip(preset, 11);
  const codes = new Uint16Array(chip.devicesPerRow);
  const found: number[] = [];
  const { topConductance: top, residualConductance: rest } = preset.physics as PcmPhysics;
  const amplitude = 250 + 22 * Math.log((top - level) / (level - rest));
  for (let round = 0; round < 12 && found.length < 3000; round++) {
    const at = (1 + round * 200_000) * second;
    codes.fill(Math.round(amplitude / 0.49));
    const pulse = {
      kind: "reset",
      codes,
      widthNanoseconds: 100,
      trailingNanoseconds: 0,
      gateCode: 0,
    } as const;
    for (let row = 0; row < preset.geometry.rows; row++) chip.pulseRow(0, row, pulse, at);
    const early = chip.truthOfTile(0, at + 20 * second);
    const late = chip.truthOfTile(0, at + 86_400 * second);
    early.forEach((g, i) => {
      if (Math.abs(g / level - 1) < 0.04) found.push(Math.log(g / late[i]!) / Math.log(86_401 / 21));
    });
  }
  return found;
}

/** σ that the published procedure leaves in the 90 nm array, µS. */
export function publishedProgrammingStd(target: number): number {
  const r = target / 25;
  return 0.26348 + 1.965 * r - 1.1731 * r * r;
}

const rramCoefficients = [
  [0.348, 16.03, -43.853, 45.393, -16.815],
  [0.701, 22.086, -50.773, 47.095, -16.458],
  [0.782, 20.274, -43.507, 37.062, -11.934],
];

/** σ of HfOx devices (Wan et al. 2022) at r = G/40 µS, 1 s (0), 1 day (1) and 2 days (2) after programming, µS. */
export function publishedRramStd(time: number, r: number): number {
  return rramCoefficients[time]!.reduceRight((sum, c) => sum * r + c, 0);
}
