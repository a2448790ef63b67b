import { Option } from "@commander-js/extra-typings";
import { forecastFields, forecastSentence } from "../../lab/forecastTexts.ts";
import type { Advice, Choice } from "../../lab/advise.ts";
import { shellWord } from "../../src/shell.ts";
import { formatDuration } from "../../src/units.ts";
import { act } from "../action.ts";
import { untestedNote } from "../extrapolated.ts";
import { benchCommand, times, usualTimes } from "../flags.ts";
import type { Output } from "../output.ts";
import { errorPercent } from "../trimTexts.ts";
import { withBench } from "../withBench.ts";

export const advise = () =>
  benchCommand(
    "advise",
    "compares what can be done about a run: nothing, a calibration, a trim, or programming it anew",
    "mho advise r3",
  )
    .argument("<run>", "a run, or a network over several chips such as n1, that was watched, or a trim of it")
    .option("--model <model>", "what is believed of devices that are programmed anew (default: the run's)")
    .option("--believe", "use a model that failed the checks of its fit, or whose forecasts failed")
    .addOption(
      new Option("--times <list>", "when errors count, from now on")
        .argParser(times("--times"))
        .default(usualTimes.seconds, usualTimes.text),
    )
    .option("--chip <address>", "where the chip is now, if it has moved")
    .option("--transcript <file>", "record every byte that passes")
    .action((run, flags) =>
      act("advise", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { model, believe, times: timesSeconds, chip } = flags;
          const advice = await bench.advise(run, { model, believe, timesSeconds, chip });
          const command = commandFor(advice, { model, believe, chip }, timesSeconds);
          tell(advice, command, output);
          output.result({ ...fieldsOf(advice), next_command: command ?? null });
        }),
      ),
    );

const names = {
  nothing: "do nothing",
  recalibrate: "recalibrate digitally, at each time",
  trim: "trim now, then recalibrate",
  "aim-anew": "aim anew, then recalibrate",
} as const;

function tell(advice: Advice, command: string | undefined, output: Output): void {
  const { run, choices, best, calibrated } = advice;
  const note = untestedNote(advice);
  const mark = note === undefined ? "" : "*";
  output.say(
    `${run}: weight error of one read, averaged over ${advice.timesSeconds.map(formatDuration).join(", ")} from now on`,
  );
  const head = ["TNMSE", "RMS", "gain", "pulses", "time"].map((text) => text.padStart(12)).join("");
  output.say(`  ${"".padEnd(37)}${head}`);
  for (const choice of choices) {
    const cells = [
      `${choice.tnmse.toPrecision(3)}${mark}`,
      `${errorPercent(choice.tnmse)}${mark}`,
      choice.action === "nothing" ? "" : `${gainPercent(choice, choices).toFixed(0)} %`,
      String(choice.pulses),
      minutesOf(choice.seconds),
    ];
    output.say(`  ${names[choice.action].padEnd(37)}${cells.map((cell) => cell.padStart(12)).join("")}`);
  }
  if (note !== undefined) output.say(note);
  for (const forecast of advice.earlier) output.say(`${forecast.run}: ${forecastSentence(forecast)}`);
  if (!advice.fitted) {
    output.say(
      `Devices that are programmed anew are expected to do as ${advice.model} has it, which was not fitted to this chip. ` +
        `mho fit ${run} --out mine.json, then mho advise ${run} --model mine.json, asks its own.`,
    );
  }
  output.say(
    calibrated === undefined
      ? "With nothing done the outputs are taken as they are (α = 1): the run was never calibrated."
      : `With nothing done the factors of ${calibrated} stay.`,
  );
  output.say(
    command === undefined
      ? "Best: do nothing. Whatever costs more gains less than 5 % of the mean square error."
      : `Best: ${names[best]}.`,
  );
  if (command !== undefined) output.say(`  ${command}`);
}

function minutesOf(seconds: number): string {
  const minutes = seconds / 60;
  return minutes > 0 && minutes < 0.1 ? "< 0.1 min" : `${minutes === 0 ? 0 : minutes.toPrecision(2)} min`;
}

function gainPercent({ tnmse }: Choice, choices: readonly Choice[]): number {
  const nothing = choices[0]!.tnmse;
  return nothing > 0 ? 100 * (1 - tnmse / nothing) : 0;
}

/** The command that does what is best, to be copied; undefined where that is nothing. */
function commandFor(
  { run, chips, best, model }: Advice,
  given: {
    readonly model?: string | undefined;
    readonly believe?: true | undefined;
    readonly chip?: string | undefined;
  },
  timesSeconds: readonly number[],
): string | undefined {
  const usual = timesSeconds.join() === usualTimes.seconds.join();
  const flags = (...wanted: ("model" | "believe" | "times" | "chip")[]): string =>
    [
      wanted.includes("model") && given.model !== undefined ? ` --model ${shellWord(given.model)}` : "",
      wanted.includes("believe") && given.believe === true ? " --believe" : "",
      wanted.includes("times") && !usual ? ` --times ${timesSeconds.join()}` : "",
      wanted.includes("chip") && given.chip !== undefined ? ` --chip ${shellWord(given.chip)}` : "",
    ].join("");
  switch (best) {
    case "nothing":
      return undefined;
    case "recalibrate":
      return `mho calibrate ${run}${flags("chip")}`;
    case "trim":
      return `mho trim ${run}${flags("model", "believe", "times", "chip")}`;
    case "aim-anew": {
      const named = given.model === undefined ? ` --model ${shellWord(model)}` : "";
      return `mho optimize WEIGHTS${named}${flags("model", "believe", "times")} --out anew.json && mho program anew.json${chips.map((chip) => ` --chip ${shellWord(chip)}`).join("")}`;
    }
  }
}

function fieldsOf(advice: Advice) {
  const { run, choices, best, timesSeconds, calibrated, model, fitted, earlier, testedToSeconds } = advice;
  return {
    run,
    advised: best,
    choices: choices.map((choice) => ({
      action: choice.action,
      tnmse: choice.tnmse,
      tnmse_by_time: choice.tnmseByTime,
      rms_percent: 10 * Math.sqrt(choice.tnmse),
      gain_percent: gainPercent(choice, choices),
      devices: choice.devices,
      pulses: choice.pulses,
      seconds: choice.seconds,
    })),
    times_seconds: timesSeconds,
    calibrated: calibrated ?? null,
    model,
    model_fitted: fitted,
    earlier_forecasts: earlier.map((forecast) => ({ run: forecast.run, ...forecastFields(forecast) })),
    tested_to_seconds: testedToSeconds ?? null,
  };
}
