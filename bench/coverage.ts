import { fitFreeForm } from "../calibration/freeForm/fitFreeForm.ts";
import { lawsOf } from "../calibration/freeForm/record.ts";
import { type Readings, readingsOf } from "../calibration/freeForm/readings.ts";
import type { DriftData } from "../calibration/driftData.ts";
import { findPreset } from "../emulator/presets.ts";
import { builtInDefinition, modelOf } from "../src/model/modelOf.ts";
import { Random, uniformOf } from "../src/random.ts";
import { programChip } from "./programmed.ts";
import { characterisedRram } from "./rramLoop.ts";
import { logTimes, watchTile } from "./watched.ts";

/** One figure of a table with its standard error, and what other chips make of it. */
export interface JudgedFigure {
  readonly law: "mean change" | "spread";
  /** µS. */
  readonly at: number;
  readonly ageSeconds: number;
  readonly value: number;
  readonly error: number;
  readonly truth: number;
  readonly truthError: number;
}

const characterised = {
  rram: { most: 40, of: characterisedRram },
  ecram: { most: 20, of: characterisedEcram },
};

/**
 * The figures that fits to every fourth row of a chip state, mean change and spread of reads by conductance at six ages, against what the
 * devices of the other rows did near that conductance and age. Not against other chips: what `verify` learns of a chip, all its devices have.
 */
export async function judgedTables(of: keyof typeof characterised, seed: number): Promise<JudgedFigure[]> {
  const { most, of: read } = characterised[of];
  const data = await read(seed);
  const fitted = (i: number): boolean => Math.floor(i / data.devicesPerRow) % 4 === 0;
  const some = (wanted: (i: number) => boolean): DriftData => ({
    ...data,
    usable: data.usable.map((usable, i) => (wanted(i) ? usable : 0)),
  });
  const laws = lawsOf(fitFreeForm([some(fitted)]), most);
  const others = readingsOf([some((i) => !fitted(i))]);
  return laws.flatMap(({ ageSeconds, law: { law, conductanceMicrosiemens, value, standardError } }) => {
    const near = readsNear(others, ageSeconds);
    // Of younger ages those devices alone tell that were pulsed last.
    if (near.written.length < fewestRead * others.count) return [];
    return conductanceMicrosiemens.flatMap((at, k): JudgedFigure[] => {
      const found = momentsNear(near, at, most / 60);
      if (found === undefined) return [];
      const { truth, truthError } = law.startsWith("mean") ? found.mean : found.spread;
      const shared = {
        at,
        ageSeconds,
        value: value[k]!,
        error: standardError[k] ?? Number.NaN,
        truth,
        truthError,
      };
      return [{ law: law.startsWith("mean") ? "mean change" : "spread", ...shared }];
    });
  });
}

interface Reads {
  readonly written: number[];
  readonly deviation: number[];
}

/** One read a device, that nearest to an age; of those within a sixth of it. */
function readsNear({ start, logAge, deviation, written, count, onsetSeconds }: Readings, age: number): Reads {
  const near: Reads = { written: [], deviation: [] };
  const wanted = Math.log(age + onsetSeconds);
  for (let i = 0; i < count; i++) {
    let [nearest, away] = [-1, 0.15];
    for (let k = start[i]!; k < start[i + 1]!; k++) {
      const off = Math.abs(logAge[k]! - wanted);
      if (off < away) [nearest, away] = [k, off];
    }
    if (nearest < 0) continue;
    near.written.push(written[i]!);
    near.deviation.push(deviation[nearest]!);
  }
  return near;
}

interface Truth {
  readonly truth: number;
  readonly truthError: number;
}

const fewestRead = 0.9;
const fewestReads = 200;

/** By a straight line through the reads within a window of conductance. */
function momentsNear(
  { written, deviation }: Reads,
  at: number,
  half: number,
): { mean: Truth; spread: Truth } | undefined {
  const near = [...written.keys()].filter((k) => Math.abs(written[k]! - at) <= half);
  const n = near.length;
  if (n < fewestReads) return undefined;
  let [x, y, xx, xy] = [0, 0, 0, 0];
  for (const k of near) {
    const off = written[k]! - at;
    x += off / n;
    y += deviation[k]! / n;
    xx += (off * off) / n;
    xy += (off * deviation[k]!) / n;
  }
  const slope = (xy - x * y) / (xx - x * x);
  let [square, fourth] = [0, 0];
  for (const k of near) {
    const rest = deviation[k]! - y - slope * (written[k]! - at - x);
    square += (rest * rest) / n;
    fourth += (rest * rest * rest * rest) / n;
  }
  const spread = Math.sqrt(square);
  return {
    mean: {
      truth: y - slope * x,
      truthError: Math.sqrt(square / n + (square / n) * ((x * x) / (xx - x * x))),
    },
    spread: { truth: spread, truthError: (spread / 2) * Math.sqrt((fourth / (square * square) - 1) / n) },
  };
}

/** Devices of a chip like `ecram-64` of four times as many rows, verified to evenly spread targets and read for a day. */
async function characterisedEcram(seed: number): Promise<DriftData> {
  const definition = builtInDefinition("ecram-li")!;
  const random = new Random(seed).fork("targets");
  const targetsMicrosiemens = Float32Array.from(
    { length: 256 * 128 },
    (_, i) => 1.5 + 18 * uniformOf(random.at(i, 0).word0),
  );
  const preset = findPreset("ecram-64", {})!;
  const chip = await programChip({
    preset: { ...preset, geometry: { ...preset.geometry, rows: 256 } },
    seed: 1000 + seed,
    method: "verify",
    model: modelOf(definition),
    definition,
    tiles: [{ block: { tile: 0, rowStart: 0, rowCount: 256 }, targetsMicrosiemens }],
  });
  const times = logTimes(1, 86_400, 24);
  return watchTile(chip.firmware, chip.memories[0]!, targetsMicrosiemens, chip.endedAt, times, 16, true);
}
