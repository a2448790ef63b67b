import { open } from "node:fs/promises";
import { basename } from "node:path";
import { readModel } from "../files/model.ts";
import { npzWriter } from "../files/npyWriter.ts";
import { writeWhole, writeWholeBy } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import { modelOf } from "../src/model/modelOf.ts";
import type { Seconds } from "../src/units.ts";
import { loaderBeside } from "./loaderBeside.ts";

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
  const loader = await loaderBeside(out, ".npz");
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

/**
 * The arguments of `InterpolatedDevice`, as its documentation names them, and a device that needs nothing but CrossSim's `EmptyDevice`.
 * `InterpolatedDevice` stands in CrossSim's development branch only. It cannot be made of its arguments yet, looks σ up at the drifted mean and
 * moves no mean.
 */
function loaderOf(name: string): string {
  return [
    '"""Moments of a device model for CrossSim, in siemens and seconds.',
    "",
    "`MeasuredDevice = device_class(EmptyDevice)`, of simulator.devices.idevice, makes a model of that name for",
    "`params.xbar.device.programming_error.model` and `...drift_error.model`. Conductances and σ are those of the model, linear",
    "between its targets and between the logarithms of its times. `arguments` are those of InterpolatedDevice in its drift mode,",
    "which draws the σ of each conductance and moves no mean.",
    '"""',
    "",
    "import pathlib",
    "",
    "import numpy",
    "",
    `moments = numpy.load(pathlib.Path(__file__).resolve().parent / ${JSON.stringify(name)})`,
    "arguments = {",
    '    "targets": moments["targets"] * 1e-6,',
    '    "times": moments["times"],',
    '    "data_array_1": moments["std"] * 1e-6,',
    '    "data_array_2": moments["mean"] * 1e-6,',
    "}",
    "",
    "",
    "def at(moment, conductance, time):",
    '    """`mean` or `std`, in siemens, of devices of these target conductances after so many seconds."""',
    '    times = numpy.log(moments["times"])',
    "    moment = [numpy.interp(numpy.log(max(time, 1e-9)), times, row) for row in moments[moment]]",
    '    return 1e-6 * numpy.interp(1e6 * conductance, moments["targets"], moment)',
    "",
    "",
    "def device_class(EmptyDevice):",
    "    class MeasuredDevice(EmptyDevice):",
    "        def drift_error(self, input_, time):",
    "            low = 0 if self.device_params.infinite_on_off_ratio else 1 / self.device_params.Rmax",
    "            span = 1 / self.device_params.Rmin - low",
    "            target = low + span * (input_ - self.Gmin_norm) / self.Grange_norm",
    '            drawn = numpy.random.normal(at("mean", target, time), at("std", target, time))',
    "            moved = self.Gmin_norm + self.Grange_norm * (drawn - low) / span",
    "            return numpy.clip(moved, 0, None).astype(input_.dtype)",
    "",
    "        def programming_error(self, input_):",
    "            return self.drift_error(input_, 0)",
    "",
    "    return MeasuredDevice",
    "",
  ].join("\n");
}
