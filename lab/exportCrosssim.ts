import { open } from "node:fs/promises";
import { basename } from "node:path";
import { readModel } from "../files/model.ts";
import { npzWriter } from "../files/npyWriter.ts";
import { writeWhole, writeWholeBy } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import { modelOf } from "../src/model/modelOf.ts";
import type { Seconds } from "../src/units.ts";

const advice = "Name another file with --out.";
const targetCount = 65;
/** CrossSim draws cubic splines through them. */
const fewestTimes = 4;

/**
 * A model's moments for CrossSim's `InterpolatedDevice` in its drift mode: `targets`, `times`, and `mean` and `std` of one row a target and
 * one column a time, in µS and s; and a loader in Python beside it, which turns them into its arguments, in siemens.
 *
 * @throws `bad-argument` for fewer than four times, or times that the model does not know.
 */
export async function exportCrosssim(
  nameOrPath: string,
  timesSeconds: readonly Seconds[] | undefined,
  usual: readonly Seconds[],
  given: string | undefined,
) {
  const definition = await readModel(nameOrPath);
  const model = modelOf(definition);
  const { from, to } = model.knownTimesSeconds;
  const times = timesSeconds ?? timesBetween(usual, from, to);
  if (times.length < fewestTimes) {
    throw new MhoError(
      "bad-argument",
      `CrossSim interpolates between ${fewestTimes} times at least; --times names ${times.length}. Name more.`,
      { times: times.length },
    );
  }
  const { minConductanceMicrosiemens: least, maxConductanceMicrosiemens: most } = model;
  const targets = Float64Array.from(
    { length: targetCount },
    (_, k) => least + ((most - least) * k) / (targetCount - 1),
  );
  const mean = new Float64Array(targets.length * times.length);
  const std = new Float64Array(mean.length);
  targets.forEach((target, k) =>
    times.forEach((time, n) => {
      mean[k * times.length + n] = model.mean(target, time);
      std[k * times.length + n] = Math.sqrt(model.variance(target, time));
    }),
  );
  const out = given ?? `${definition.name}.crosssim.npz`;
  const loader = `${out.replace(/\.npz$/, "")}.py`;
  await writeWholeBy(out, advice, async (draft) => {
    const file = await open(draft, "w");
    try {
      const archive = npzWriter(file);
      await archive.add("targets", [targets.length], targets);
      await archive.add("times", [times.length], Float64Array.from(times));
      await archive.add("mean", [targets.length, times.length], mean);
      await archive.add("std", [targets.length, times.length], std);
      await archive.end();
    } finally {
      await file.close();
    }
  });
  await writeWhole(loader, loaderOf(basename(out)), advice);
  return {
    to: "crosssim" as const,
    file: out,
    loader,
    model: definition.name,
    targets: targets.length,
    times_seconds: times,
  };
}

/** The usual ones that the model knows; of a model of few times, its first, its last and two between them. */
function timesBetween(usual: readonly Seconds[], from: Seconds, to: Seconds): readonly Seconds[] {
  const inside = usual.filter((time) => time >= from && time <= to);
  const known = Number.isFinite(to) && !inside.includes(to) ? [...inside, to] : inside;
  if (known.length >= fewestTimes) return known;
  const last = known.at(-1) ?? to;
  const inner = [1, 2].map((k) => Math.exp(Math.log(from) + (k / 3) * Math.log(last / from)));
  return [...new Set([from, ...inner, ...known, last])].sort((a, b) => a - b);
}

function loaderOf(name: string): string {
  return [
    "import pathlib",
    "import numpy",
    `moments = numpy.load(pathlib.Path(__file__).resolve().parent / ${JSON.stringify(name)})`,
    "# InterpolatedDevice(**arguments, ...): CrossSim counts conductances in siemens",
    'arguments = dict(targets=moments["targets"] * 1e-6, times=moments["times"],',
    '                 data_array_1=moments["std"] * 1e-6, data_array_2=moments["mean"] * 1e-6)',
    "",
  ].join("\n");
}
