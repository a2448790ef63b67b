import type { DriftData } from "../calibration/driftData.ts";
import { birthKinds, type PcmBirths } from "../emulator/birthKinds.ts";
import { findPreset, manyOutliers, type Outliers, type Preset } from "../emulator/presets.ts";
import type { PacketFirmware } from "../emulator/packetFirmware.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { Random, uniformOf } from "../src/random.ts";
import type { TileMemory } from "../src/run/journal.ts";
import { programChip } from "./programmed.ts";
import { logTimes, watchTile } from "./watched.ts";

export const readOut = { readSeconds: 250e-9, spacingMicroseconds: 20, microsiemensPerCode: 0.04 };
export const readingChip = {
  timing: { readRowMicroseconds: readOut.spacingMicroseconds },
  converter: { microsiemensPerCode: readOut.microsiemensPerCode },
};

/** A chip whose devices were spread over their range and watched for a day. */
export interface Characterised {
  readonly preset: Preset;
  readonly firmware: PacketFirmware;
  /** Open loop, and by verify. */
  readonly data: readonly [DriftData, DriftData];
  readonly memories: readonly [TileMemory, TileMemory];
  readonly endedAt: number;
}

/**
 * One day of a new `pcm-64`: every other column of cells gets single pulses of evenly spread amplitudes, as verify would
 * pick devices by how they drift, the others are verified to evenly spread targets; then 32 sweeps of 16 reads.
 */
export async function characterise(births: Births, seed: number): Promise<Characterised> {
  const preset = presetOf(births);
  const { targets, pulsed } = characterisingTargets(seed);
  const block = { tile: 0, rowStart: 0, rowCount: 64 };
  const given = { preset, seed, model: pcm90nm };
  const verified = await programChip({
    ...given,
    method: "verify",
    tiles: [{ block, targetsMicrosiemens: targets }],
  });
  const fired = await programChip({
    ...given,
    method: "open-loop",
    tiles: [{ block, targetsMicrosiemens: pulsed }],
    chip: verified.firmware,
  });
  const times = logTimes(1, 86_400, 32);
  const memories = [fired.memories[0]!, verified.memories[0]!] as const;
  const { firmware, endedAt } = fired;
  const open = watchTile(firmware, memories[0], pulsed, endedAt, times);
  return {
    preset,
    firmware,
    memories,
    endedAt,
    data: [
      // What single pulses were aimed at says next to nothing of what they gave.
      { ...open, picked: false, targetsMicrosiemens: new Float32Array(pulsed.length).fill(Number.NaN) },
      { ...open, ...ofRun(memories[1], targets) },
    ],
  };
}

/** As an address may ask for, or outside the models' family in one way only. */
export type Births = PcmBirths | keyof Outliers;

function presetOf(births: Births): Preset {
  const named = birthKinds.pcm.names.find((one) => one === births);
  const preset = findPreset("pcm-64", { births: named, swingCelsius: 2 })!;
  if (named !== undefined || preset.physics.technology !== "pcm") return preset;
  const odd = births as keyof Outliers;
  const outliers = { ...preset.physics.outliers, [odd]: manyOutliers[odd] };
  return { ...preset, physics: { ...preset.physics, outliers } };
}

function ofRun(memory: TileMemory, targetsMicrosiemens: Float32Array) {
  return {
    targetsMicrosiemens,
    pulsedAtMicroseconds: memory.pulsedAtMicroseconds,
    usable: Uint8Array.from(memory.verdicts, (verdict) => (verdict === 1 ? 1 : 0)),
  };
}

function characterisingTargets(seed: number): { targets: Float32Array; pulsed: Float32Array } {
  const random = new Random(seed).fork("targets");
  const uniform = (i: number): number => uniformOf(random.at(i, 0).word0);
  const isPulsed = (i: number): boolean => (i >> 2) % 2 === 1;
  const targets = Float32Array.from({ length: 16_384 }, (_, i) =>
    isPulsed(i) ? Number.NaN : 0.8 + 24.2 * uniform(i),
  );
  const pulsed = Float32Array.from({ length: 16_384 }, (_, i) => {
    const amplitude = 190 + 170 * uniform(i);
    return isPulsed(i) ? 0.12 + 29.88 / (1 + Math.exp((amplitude - 250) / 22)) : Number.NaN;
  });
  return { targets, pulsed };
}
