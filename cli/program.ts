import { readModel } from "../files/model.ts";
import { systemClock } from "../drivers/systemClock.ts";
import { counted } from "../src/counted.ts";
import { MhoError } from "../src/errors.ts";
import type { ProgrammingMethod } from "../src/program/method.ts";
import { builtInMethods, methodFor } from "../src/program/methods.ts";
import { executeRun, resumeRun } from "../src/run/engine.ts";
import type { RunContext } from "../src/run/context.ts";
import type { RunEvent } from "../src/run/events.ts";
import { estimateRun } from "../src/run/estimate.ts";
import { type RunPlan, usualPulsesPerDevice } from "../src/run/plan.ts";
import { SteadyClock } from "../drivers/steadyClock.ts";
import type { RunId } from "../src/run/store.ts";
import { formatDuration, parseDuration } from "../src/units.ts";
import { openWorkspace, type Workspace } from "../storage/workspace.ts";
import { parseAddress } from "../lab/address.ts";
import { inWorkspace } from "../lab/existingWorkspace.ts";
import { wholeNumber } from "./numbers.ts";
import { chipNamed, chipOptions, describeChip } from "../lab/openChip.ts";
import { openLasting } from "../lab/openLasting.ts";
import { wallTime } from "../lab/wallTime.ts";
import { defaultWorkspace, type ProgramOptions, type ResumeOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { readTargets } from "../lab/targets.ts";
import { progressOf } from "./progress.ts";
import { runNamed } from "../lab/runName.ts";
import { judgeRun, type RunResult, tellRun } from "./runResult.ts";
import { warnOfDoubt } from "./showFit.ts";
import { listenForStop } from "./stop.ts";

/** Programs a strategy, or conductances of the user's own, into a chip. */
export async function program(path: string, options: ProgramOptions, output: Output): Promise<void> {
  const text = chipNamed(options);
  const address = parseAddress(text);
  const description = await describeChip(address);
  const targets = await readTargets(path, address, description, options.weights);
  const model = options.model === undefined ? targets.model : await readModel(options.model);
  const { technology } = description.pulses;
  const { strategy, conductances } = technology.usualMethods;
  const usual = targets.model === undefined ? conductances : strategy;
  const method = methodFor(builtInMethods, options.method ?? usual, description);
  const wishes = {
    method,
    model: model ?? (await readModel(technology.usualModel)),
    sweepTimesSeconds: options.sweep === "none" ? [] : timesOf("--sweep", options.sweep),
    pulsesPerDevice: wholeNumber("--budget", options.budget, usualPulsesPerDevice),
    leastYieldPercent: percentOf(options.minYield),
  };
  warnOfDoubt(wishes.model, output);
  if (options.dryRun) return tellEstimate(wishes, description, targets.tiles, output);
  await withChip(text, options, output, wishes.leastYieldPercent, async (context, identity) => {
    const plan: RunPlan = {
      title: targets.title,
      chipName: identity.name,
      chipSerialNumber: identity.serialNumber,
      chipAddress: text,
      method: method.name,
      model: wishes.model,
      sweepTimesSeconds: wishes.sweepTimesSeconds,
      sweepAverages,
      pulsesPerDevice: wishes.pulsesPerDevice,
      tiles: targets.tiles,
    };
    return executeRun(context, plan);
  });
}

/** Goes on with a run that was stopped, cut off or killed. */
export async function resume(run: RunId, options: ResumeOptions, output: Output): Promise<void> {
  runNamed(run);
  const leastYieldPercent = percentOf(options.minYield);
  const found = await inWorkspace(options, async (store) => {
    const { chipAddress } = await store.plan(run);
    const { outcome } = (await store.runs()).find(({ id }) => id === run)!;
    if (outcome !== "done") return { address: options.chip ?? chipAddress };
    output.say(`${run} was done already.`);
    tellResult(store, run, await judgeRun(store, run), leastYieldPercent, output);
    return undefined;
  });
  if (found === undefined) return;
  const { address } = found;
  const { scheme, state } = parseAddress(address);
  if (scheme === "emulator" && state === "none") {
    throw new MhoError(
      "bad-argument",
      `Run ${run} was on a chip that was not kept, at ${address}, and ended with the command that began it. ` +
        "Leave ?state=none away to go on with a chip.",
      { run },
    );
  }
  await withChip(address, options, output, leastYieldPercent, (context) => resumeRun(context, run));
}

/** Reads that are averaged when a programmed tile is looked at. */
export const sweepAverages = 16;

/** Opens the workspace and the chip, lets a run happen, and tells how it went, unless there was none. */
export async function withChip(
  chip: string,
  options: ProgramOptions | ResumeOptions,
  output: Output,
  leastYieldPercent: number | undefined,
  carryOut: (
    context: RunContext,
    identity: Awaited<ReturnType<RunContext["driver"]["identify"]>>,
  ) => Promise<RunId | undefined>,
): Promise<void> {
  const stop = listenForStop(options.json);
  try {
    const store = await openWorkspace(options.workspace ?? defaultWorkspace);
    try {
      const address = parseAddress(chip);
      const link = await openLasting(address, chipOptions(address, options), stop, output);
      const driver = new SteadyClock(link, store, wallTime);
      const tellProgress = progressOf("program", output);
      let underWay: RunId | undefined;
      stop.onSecond(
        async () => {
          if (underWay !== undefined) await store.endRun(underWay, "interrupted").catch(() => undefined);
          await driver.standby();
        },
        () => underWay && `mho resume ${underWay}`,
      );
      try {
        const identity = await driver.identify();
        await driver.mark();
        output.say(`Chip: ${identity.name} number ${identity.serialNumber} at ${link.port}.`);
        const context = {
          driver,
          store,
          clock: systemClock,
          stop,
          wallTime,
          linkNotes: () => link.linkNotes?.() ?? [],
          onLinkNote: (listener: () => void) => link.onLinkNote?.(listener),
          onEvent(event: RunEvent): void {
            if (event.type === "started") underWay = event.run;
            if (event.type === "ended") underWay = undefined;
            tellProgress(event);
          },
        };
        const run = await carryOut(context, identity);
        // Devices age from here on, whatever becomes of the chip's clock. The run is done, with or without it.
        await driver.mark().catch(() => undefined);
        if (run !== undefined) {
          const result = await judgeRun(store, run);
          tellRun(result, output);
          tellResult(store, run, result, leastYieldPercent, output);
        }
      } catch (error) {
        // A run has seen to it; what went wrong before or after one has not.
        await driver.standby().catch(() => undefined);
        throw error;
      } finally {
        await driver.close();
      }
    } finally {
      await store.close();
    }
  } finally {
    stop.release();
  }
}

function tellResult(
  store: Workspace,
  run: RunId,
  result: RunResult,
  leastYieldPercent: number | undefined,
  output: Output,
): void {
  output.event({ type: "result", run, workspace: store.file, ...result.forMachines });
  if (leastYieldPercent !== undefined && result.yieldPercent < leastYieldPercent) {
    process.exitCode = 1;
    output.say(
      `The yield of ${result.yieldPercent.toFixed(2)} % is short of the ${leastYieldPercent} % that was asked for.`,
    );
  }
}

function tellEstimate(
  { method, pulsesPerDevice }: { method: ProgrammingMethod; pulsesPerDevice: number },
  description: Parameters<typeof estimateRun>[0],
  tiles: Parameters<typeof estimateRun>[1],
  output: Output,
): void {
  const estimate = estimateRun(description, tiles, method, pulsesPerDevice);
  output.say(
    `${counted(estimate.devices, "device")} on ${counted(estimate.tiles, "tile")}, by ${method.name}`,
  );
  output.say(
    `about ${counted(estimate.pulses, "pulse")}, ${estimate.pulsesPerDevice.toFixed(1)} a device, ` +
      `${estimate.mostPulsesPerDevice} at most`,
  );
  output.say(`about ${formatDuration(Math.ceil(estimate.seconds))}. Nothing was sent to a chip.`);
  output.event({
    type: "result",
    dry_run: true,
    method: method.name,
    devices: estimate.devices,
    tiles: estimate.tiles,
    pulses: estimate.pulses,
    pulses_per_device: estimate.pulsesPerDevice,
    most_pulses_per_device: estimate.mostPulsesPerDevice,
    seconds: estimate.seconds,
  });
}

/** A flag's list of times, in seconds, ascending. Throws `bad-argument`. */
export function timesOf(flag: string, list: string): number[] {
  return list
    .split(",")
    .map((text) => {
      const seconds = parseDuration(text);
      if (seconds === undefined) {
        throw new MhoError("bad-argument", `${flag} ${list}: ${text} is no time. Give for instance 1,1h,1d.`);
      }
      return seconds;
    })
    .sort((a, b) => a - b);
}

export function percentOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const percent = Number(text);
  if (text.trim() === "" || !(percent >= 0 && percent <= 100)) {
    throw new MhoError("bad-argument", `--min-yield ${text}: give a percentage from 0 to 100.`);
  }
  return percent;
}
