import { devicesOfTile } from "../src/chip/geometry.ts";
import { normalOf, type Random } from "../src/random.ts";
import type { Preset } from "./presets.ts";

/** What each device was born with and keeps: its own amplitude → conductance curve and its leaning in drift. */
export interface Births {
  readonly topConductance: Float32Array;
  readonly residualConductance: Float32Array;
  readonly halfwayAmplitude: Float32Array;
  readonly slopeAmplitude: Float32Array;
  /** The device's own part of how strongly it drifts, in standard deviations. */
  readonly driftLeaning: Float32Array;
}

/** Draws every device of a chip; device numbers run over tiles, rows, columns and devices of a cell. */
export function drawBirths({ geometry, physics }: Preset, random: Random): Births {
  const perTile = devicesOfTile(geometry);
  const count = geometry.tiles * perTile;
  const perRow = perTile / geometry.rows;
  // A linear gradient from −g/2 to +g/2 has the variance g²/12; the rest is the device's own.
  const gradient = physics.halfwayGradient * physics.halfwayAmplitude;
  const ownSpread = Math.sqrt(physics.halfwaySpread * physics.halfwaySpread - (gradient * gradient) / 12);
  const births: Births = {
    topConductance: new Float32Array(count),
    residualConductance: new Float32Array(count),
    halfwayAmplitude: new Float32Array(count),
    slopeAmplitude: new Float32Array(count),
    driftLeaning: new Float32Array(count),
  };
  for (let i = 0; i < count; i++) {
    random.at(i, 0);
    births.topConductance[i] = physics.topConductance + physics.topSpread * normalOf(random.word0);
    births.residualConductance[i] =
      physics.residualConductance * Math.exp(physics.residualLogSpread * normalOf(random.word1));
    random.at(i, 1);
    const row = Math.floor((i % perTile) / perRow);
    const place = geometry.rows > 1 ? row / (geometry.rows - 1) - 0.5 : 0;
    births.halfwayAmplitude[i] =
      physics.halfwayAmplitude + gradient * place + ownSpread * normalOf(random.word0);
    births.slopeAmplitude[i] =
      physics.slopeAmplitude * Math.exp(physics.slopeLogSpread * normalOf(random.word1));
    births.driftLeaning[i] = normalOf(random.at(i, 2).word0);
  }
  return births;
}
