import { Option } from "@commander-js/extra-typings";
import { forecastFields, forecastSentence } from "../../lab/forecastTexts.ts";
import type { Trimmed } from "../../lab/trim.ts";
import { counted } from "../../src/counted.ts";
import { usualPulsesPerDevice } from "../../src/run/plan.ts";
import { formatDuration } from "../../src/units.ts";
import { act } from "../action.ts";
import { untestedNote } from "../extrapolated.ts";
import { benchCommand, real, times, usualTimes, whole } from "../flags.ts";
import { beginsRun, labelsOf } from "../labelFlags.ts";
import { asJob, type FlagsOf } from "../jobWords.ts";
import type { Output } from "../output.ts";
import { tellResult } from "../tellRun.ts";
import { errorPercent } from "../trimTexts.ts";
import { withBench } from "../withBench.ts";

const flagged = () =>
  beginsRun(
    benchCommand(
      "trim",
      "corrects the weights of a run that its devices' measured drift says will go wrong",
      "mho trim r3 --dry-run",
    ),
  )
    .argument("<run>", "a run that was watched, a trim of it, or a network over several chips, such as n1")
    .option("--model <model>", "what is believed of devices that are programmed anew (default: the run's)")
    .option("--believe", "use a model that failed the checks of its fit, or whose forecasts failed")
    .addOption(
      new Option("--times <list>", "when errors count, from the visit on")
        .argParser(times("--times"))
        .default(usualTimes.seconds, usualTimes.text),
    )
    .option(
      "--reads <number>",
      "state and minimise the error of the mean of so many reads",
      whole("--reads", 1, 4096),
      1,
    )
    .addOption(
      new Option(
        "--budget <pulses>",
        `pulses that a device may be given in this visit (default: ${usualPulsesPerDevice})`,
      ).argParser(whole("--budget")),
    )
    .option("--dry-run", "say what is expected of it, and pulse nothing")
    .option(
      "--min-yield <percent>",
      "end with 1 when fewer devices are accepted",
      real("--min-yield", 0, 100),
    )
    .option("--chip <address>", "where the chip is now, if it has moved")
    .option("--accept-unknown-wear", "go on with a chip that another workspace has pulsed")
    .option("--transcript <file>", "record every byte that passes");

function optionsOf(flags: FlagsOf<typeof flagged>) {
  const { model, believe, times: timesSeconds, reads, budget: pulsesPerDevice, chip } = flags;
  return { model, believe, timesSeconds, reads, pulsesPerDevice, chip, ...labelsOf(flags) };
}

export const trimJob = asJob(flagged, ([run], flags) => ({
  subjects: run,
  options: optionsOf(flags),
  minYieldPercent: flags.minYield,
}));

export const trim = () =>
  flagged().action((run, flags) =>
    act("trim", flags, (output) =>
      withBench(flags, output, { run: "program" }, async (bench) => {
        const trimmed = await bench.trim(run, { ...optionsOf(flags), dryRun: flags.dryRun });
        tellVisit(trimmed, output);
        const fields = visitFields(trimmed);
        const { run: visit, expectedNow } = trimmed;
        if (visit !== undefined && expectedNow !== undefined) {
          const went = await tellResult(bench, visit, flags.minYield, output);
          return output.result({ pulsed: true, ...went, ...fields, expected_once_reached: expectedNow });
        }
        const why = trimmed.visit.devices === 0 ? "nothing is worth a pulse" : "a dry run";
        output.say(`Nothing was pulsed: ${why}.`);
        output.result({ pulsed: false, run: null, ...fields, expected_once_reached: null });
      }),
    ),
  );

function tellVisit(trimmed: Trimmed, output: Output): void {
  const { corrects, visit, earlier, run, expectedNow } = trimmed;
  const note = untestedNote(trimmed);
  const mark = note === undefined ? "" : "*";
  for (const forecast of earlier) output.say(`${forecast.run}: ${forecastSentence(forecast)}`);
  const { devices, expectedBefore, expectedAfter, later } = visit;
  output.say(
    `Weight error to expect, averaged over the times: ${errorPercent(expectedBefore)}${mark} of the largest weight; with ` +
      `${counted(devices, "device")} programmed anew now, ${errorPercent(expectedAfter)}${mark}.`,
  );
  if (visit.withDeaths !== undefined) {
    const { before, after } = visit.withDeaths;
    output.say(
      `  with devices that die as the model says: ${errorPercent(before)}${mark}, and ${errorPercent(after)}${mark}`,
    );
  }
  for (const { ageSeconds, expected } of later) {
    output.say(
      `  with one more look at ${formatDuration(ageSeconds)} and the visit then: ${errorPercent(expected)}${mark}`,
    );
  }
  if (note !== undefined) output.say(note);
  const best = later.reduce((a, b) => (b.expected < a.expected ? b : a), {
    ageSeconds: 0,
    expected: expectedAfter,
  });
  if (best.ageSeconds > 0 && best.expected < 0.97 * expectedAfter) {
    output.say(
      `A later visit would win more, also after this one: mho watch ${corrects} --until ${Math.round(best.ageSeconds / 3600) || 1}h.`,
    );
  }
  if (run === undefined || expectedNow === undefined) return;
  output.say(
    `Expected was ${errorPercent(expectedAfter)}${mark}; with what was reached it will be ${errorPercent(expectedNow)}${mark} (${errorPercent(expectedBefore)}${mark} before).`,
  );
}

function visitFields({ corrects, visit, earlier, testedToSeconds }: Trimmed) {
  const { devices, expectedBefore, expectedAfter, later } = visit;
  return {
    corrects,
    devices_to_trim: devices,
    expected_before: expectedBefore,
    expected_after: expectedAfter,
    expected_with_deaths: visit.withDeaths ?? null,
    later: later.map(({ ageSeconds, expected }) => ({ age_seconds: ageSeconds, expected_after: expected })),
    tested_to_seconds: testedToSeconds ?? null,
    earlier_forecasts: earlier.map((forecast) => ({ run: forecast.run, ...forecastFields(forecast) })),
  };
}
