import type { DriftBand, RunStory } from "../report/runReport.ts";
import { quantile } from "../report/statistics.ts";
import { ageOf, type SweepTable, sweepTables } from "../src/run/sweepTable.ts";
import { verdicts } from "../src/program/method.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { modelOf } from "../src/model/modelOf.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { microsecondsPerSecond } from "../src/units.ts";
import { judgeRun } from "./runResult.ts";
import { version } from "./version.ts";

/** Puts together what the report of a run shows. */
export async function storyOf(store: RunStore, run: RunId): Promise<RunStory> {
  const plan = await store.plan(run);
  const { overview, yieldPercent, errors } = await judgeRun(store, run);
  const model = modelOf(plan.model);
  const tile = plan.tiles[0]?.block.tile;
  const ofTile: SweepTable[] = [];
  const temperature: { seconds: number; celsius: number }[] = [];
  let begun = Number.NaN;
  for await (const table of sweepTables(store, run, plan)) {
    const at = table.sweep.rowTimesMicroseconds[0]! / microsecondsPerSecond;
    if (Number.isNaN(begun)) begun = at;
    const { environment } = table.sweep;
    if (environment !== undefined) temperature.push({ seconds: at - begun, celsius: environment.celsius });
    if (table.sweep.tile === tile) ofTile.push(table);
  }
  const first = ofTile[0];
  const { geometry } = await store.identity(run);
  return {
    title: plan.title,
    chipText: `${plan.chipName} number ${plan.chipSerialNumber}`,
    softwareVersion: version,
    yieldPercent,
    contender: {
      name: plan.method,
      explanation: "",
      run,
      devices: overview.devices,
      pulses: overview.pulses,
      verdicts: Object.fromEntries(Object.entries(overview.verdicts).filter(([, count]) => count > 0)),
      devicesByPulses: overview.devicesByPulses,
      points: errors.map(({ timeSeconds, rmsPercent }) => ({
        timeSeconds,
        rmsPercent,
        productPercent: Number.NaN,
        accuracy: Number.NaN,
      })),
      relativeErrors: new Float32Array(0),
    },
    map:
      first === undefined || geometry.devicesPerCell !== devicesOfPicture
        ? undefined
        : {
            tile: first.sweep.tile,
            layer: plan.title,
            rows: first.sweep.flags.length / first.devicesPerRow,
            devicesPerRow: first.devicesPerRow,
            maxConductanceMicrosiemens: model.maxConductanceMicrosiemens,
            target: first.targetsMicrosiemens,
            readBack: first.sweep.conductanceMicrosiemens,
          },
    drift: driftOf(ofTile, model),
    temperature,
    notes: (await store.notes(run)).map(({ notedAt, what, text }) => `${notedAt}  ${what}: ${text}`),
  };
}

/** Maps are drawn of cells with two pairs. */
const devicesOfPicture = 4;
const bandCount = 4;
/** Beneath this share of the range, shares are mostly noise. */
const leastShare = 0.08;

function driftOf(tables: readonly SweepTable[], model: DeviceModel): DriftBand[] {
  const [first] = tables;
  if (first === undefined || tables.length < 3) return [];
  const max = model.maxConductanceMicrosiemens;
  const least = leastShare * max;
  const width = (max - least) / bandCount;
  const started = first.sweep.conductanceMicrosiemens;
  return Array.from({ length: bandCount }, (_, band): DriftBand => {
    const [from, to] = [least + band * width, least + (band + 1) * width];
    const devices: number[] = [];
    started.forEach((g, i) => {
      const settled = first.verdicts[i] === verdicts.accepted || first.verdicts[i] === verdicts.unverified;
      if (settled && g >= from && g < to && first.sweep.flags[i] === 0) devices.push(i);
    });
    const middle = (from + to) / 2;
    const firstAge = medianOf(devices.map((i) => ageOf(first, i)));
    const points = tables.map((table) => {
      const shares = Float32Array.from(
        devices,
        (i) => table.sweep.conductanceMicrosiemens[i]! / started[i]!,
      ).sort();
      const ageSeconds = medianOf(devices.map((i) => ageOf(table, i)));
      return {
        ageSeconds,
        quarter: quantile(shares, 0.25),
        median: quantile(shares, 0.5),
        threeQuarters: quantile(shares, 0.75),
        expected: expectedShare(model, middle, firstAge, ageSeconds),
      };
    });
    return { fromMicrosiemens: from, toMicrosiemens: to, devices: devices.length, points };
  }).filter(({ devices }) => devices >= 20);
}

/** NaN beyond the times that a model knows. */
function expectedShare(model: DeviceModel, target: number, firstAge: number, age: number): number {
  const { from, to } = model.knownTimesSeconds;
  if (firstAge < from || age > to) return Number.NaN;
  return model.mean(target, age) / model.mean(target, firstAge);
}

function medianOf(values: readonly number[]): number {
  return quantile(Float32Array.from(values).sort(), 0.5);
}
