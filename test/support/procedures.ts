import { EmulatedChip } from "../../emulator/chip.ts";
import type { Preset } from "../../emulator/presets.ts";

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
