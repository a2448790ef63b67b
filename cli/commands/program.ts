import { Option } from "@commander-js/extra-typings";
import type { GroupEstimate } from "../../lab/group/programGroup.ts";
import { accuracySentence, extrapolationSentence } from "../../lab/forecastTexts.ts";
import { snakeKeys } from "../../files/keys.ts";
import { counted } from "../../src/counted.ts";
import { MhoError } from "../../src/errors.ts";
import { builtInMethods } from "../../src/program/methods.ts";
import { wholeReader } from "../../src/results/wholeReader.ts";
import type { Estimate } from "../../src/run/estimate.ts";
import { usualPulsesPerDevice } from "../../src/run/plan.ts";
import { conductanceUnits, formatDuration } from "../../src/units.ts";
import { act } from "../action.ts";
import { benchCommand, conductanceUnit, real, times, whole } from "../flags.ts";
import { beginsRun, collected, labelsOf } from "../labelFlags.ts";
import type { CommandOutput } from "../output.ts";
import { asJob, type FlagsOf } from "../jobWords.ts";
import { giveShares } from "../tellNetwork.ts";
import { tellResult } from "../tellRun.ts";
import { withBench } from "../withBench.ts";

const flagged = () =>
  beginsRun(
    benchCommand(
      "program",
      "programs a chip, reads it back after every pulse, and gives each device a verdict",
      "mho program strategy.json --chip serial:/dev/ttyACM0 --dry-run",
      "mho program targets.npy --chip emulator:pcm-64 --method verify",
    ),
  )
    .addHelpText("after", "  $ mho program strategy.json --chip left --chip right --spare third")
    .argument("<targets>", "a strategy (.json), or conductances (.npy, .csv)")
    .option(
      "--chip <address>",
      "which chip (default: MHO_CHIP); given several times, chips that hold it together",
      collected,
    )
    .option(
      "--spare <address>",
      "a chip that takes the place of one that fails; may be given several times",
      collected,
    )
    .option("--method <method>", "how; listed below, with the usual one")
    .option("--model <model>", "what is believed of the devices (default: the strategy's)")
    .option("--believe", "use a model that failed the checks of its fit")
    .option("--weights <file>", "the weights that the strategy was made from, if they have moved")
    .option(
      "--verify-share <share>",
      "verify only this share of the weights, where it pays most; the others get one pulse",
      real("--verify-share", 0, 1),
    )
    .option(
      "--importance <file>",
      "for --verify-share, how much each weight counts: one number a weight (.npy, .npz)",
    )
    .option(
      "--unit <unit>",
      `what the conductances of a file are in: ${conductanceUnits.join(", ")} (default: uS)`,
      conductanceUnit("--unit"),
    )
    .addOption(
      new Option(
        "--sweep <list>",
        "read everything this long after programming, or none (default: 1)",
      ).argParser((text) => (text === "none" ? [] : times("--sweep")(text))),
    )
    .addOption(
      new Option(
        "--budget <pulses>",
        `pulses that a device may be given in this run (default: ${usualPulsesPerDevice})`,
      ).argParser(whole("--budget")),
    )
    .option(
      "--min-yield <percent>",
      "end with 1 when fewer devices are accepted",
      real("--min-yield", 0, 100),
    )
    .option("--dry-run", "say what it will take, and touch nothing")
    .option("--accept-unknown-wear", "go on with a chip that another workspace has pulsed")
    .option("--transcript <file>", "record every byte that passes");

type Flags = FlagsOf<typeof flagged>;

function optionsOf(flags: Flags) {
  return {
    method: flags.method,
    model: flags.model,
    believe: flags.believe,
    weights: flags.weights,
    unit: flags.unit,
    verifyShare: flags.verifyShare,
    importance: flags.importance,
    sweepTimesSeconds: flags.sweep,
    pulsesPerDevice: flags.budget,
    ...labelsOf(flags),
  };
}

export const programJob = asJob(flagged, ([targets], flags) => ({
  subjects: targets,
  options: { ...optionsOf(flags), ...severalChips(flags) },
  minYieldPercent: flags.minYield,
}));

export const program = () =>
  flagged().action((targets, flags) =>
    act("program", flags, (output) =>
      withBench(forOneChip(flags), output, { run: "program" }, async (bench) => {
        const several = severalChips(flags);
        const options = { ...optionsOf(flags), ...several };
        if (flags.minYield !== undefined) refuseBlind(flags.method);
        if (flags.dryRun && several !== undefined)
          return tellGroupEstimate(await bench.estimateNetwork(targets, options), output);
        if (flags.dryRun) return tellEstimate(await bench.estimate(targets, options), output);
        const run = await bench.program(targets, options);
        const went = await tellResult(bench, run, flags.minYield, output);
        const forecasts = await wholeReader(await bench.store()).forecasts(run);
        for (const forecast of forecasts) {
          for (const sentence of [extrapolationSentence(forecast), accuracySentence(forecast)])
            if (sentence !== undefined) output.say(sentence);
        }
        const accuracy = forecasts.find((one) => one.accuracy !== undefined)?.accuracy;
        const predicted = accuracy === undefined ? null : snakeKeys(accuracy);
        const shares = await giveShares(bench, run, output);
        output.result({ dry_run: false, ...went, shares, predicted_accuracy: predicted });
      }),
    ),
  );

/** Throws `bad-argument` for a method after which there is no yield. */
function refuseBlind(name: string | undefined): void {
  const named = builtInMethods.filter((method) => method.name === name);
  if (named.length === 0 || named.some(({ looksBack }) => looksBack)) return;
  throw new MhoError(
    "bad-argument",
    `--min-yield: ${name} does not read devices back, so there is no yield. Leave it out, or use another --method.`,
    { method: name! },
  );
}

function tellEstimate(
  estimate: Estimate & { readonly method: string },
  output: CommandOutput<"program">,
): void {
  const { method, devices, tiles, pulses, pulsesPerDevice, mostPulsesPerDevice, seconds } = estimate;
  const { what, seconds: longest } = estimate.longestRequest;
  output.say(`${counted(devices, "device")} on ${counted(tiles, "tile")}, by ${method}`);
  output.say(
    `about ${counted(pulses, "pulse")}, ${pulsesPerDevice.toFixed(1)} a device, ${mostPulsesPerDevice} at most`,
  );
  if (longest > longestUnnamed) {
    output.say(
      `a ${what} takes the board ${formatDuration(longest)} at once: a stop waits that long for standby`,
    );
  }
  output.say(`about ${formatDuration(Math.ceil(seconds))}. Nothing was sent to a chip.`);
  output.result({
    dry_run: true,
    method,
    devices,
    tiles,
    pulses,
    pulses_per_device: pulsesPerDevice,
    most_pulses_per_device: mostPulsesPerDevice,
    seconds,
    longest_request: what,
    longest_request_seconds: longest,
    chips: null,
  });
}

/** Several chips, or one that a spare may take the place of; undefined for one by itself. */
function severalChips({ chip: chips, spare: spares }: Flags): ProgramChips | undefined {
  if ((chips === undefined || chips.length < 2) && spares === undefined) return undefined;
  return { ...(chips !== undefined && { chips }), ...(spares !== undefined && { spares }) };
}

type ProgramChips = { readonly chips?: readonly string[]; readonly spares?: readonly string[] };

/** The flags of a bench with one chip: the first that is named. */
function forOneChip(flags: Flags) {
  return { ...flags, chip: flags.chip?.[0] };
}

function tellGroupEstimate({ method, chips, spares }: GroupEstimate, output: CommandOutput<"program">): void {
  const sum = (of: (estimate: Estimate) => number): number =>
    chips.reduce((all, { estimate }) => all + of(estimate), 0);
  // Chips work side by side.
  const slowest = chips.reduce((a, b) => (b.estimate.seconds > a.estimate.seconds ? b : a)).estimate;
  const [devices, pulses] = [sum((one) => one.devices), sum((one) => one.pulses)];
  const tiles = chips.reduce((all, chip) => all + chip.tiles, 0);
  const most = Math.max(...chips.map(({ estimate }) => estimate.mostPulsesPerDevice));
  output.say(
    `${counted(devices, "device")} on ${counted(tiles, "tile")} of ${counted(chips.length, "chip")}, by ${method}`,
  );
  for (const { share, chip, first_tile: first, tiles: own, estimate } of chips) {
    const where = own === 1 ? `tile ${first}` : `tiles ${first} to ${first + own - 1}`;
    output.say(
      `  share ${share}, ${where}, on ${chip}: ${counted(estimate.devices, "device")}, about ${formatDuration(Math.ceil(estimate.seconds))}`,
    );
  }
  if (spares.length > 0) output.say(`  spare: ${spares.join(", ")}`);
  const each = devices === 0 ? 0 : pulses / devices;
  output.say(`about ${counted(pulses, "pulse")}, ${each.toFixed(1)} a device, ${most} at most`);
  output.say(
    `about ${formatDuration(Math.ceil(slowest.seconds))}, the chips side by side. Nothing was sent to a chip.`,
  );
  output.result({
    dry_run: true,
    method,
    devices,
    tiles,
    pulses,
    pulses_per_device: each,
    most_pulses_per_device: most,
    seconds: slowest.seconds,
    longest_request: slowest.longestRequest.what,
    longest_request_seconds: Math.max(...chips.map(({ estimate }) => estimate.longestRequest.seconds)),
    chips: chips.map(({ estimate, ...share }) => ({ ...share, seconds: estimate.seconds })),
  });
}

/** Standby within so many seconds needs no word. */
const longestUnnamed = 2;
