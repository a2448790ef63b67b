import { readModel } from "../files/model.ts";
import { counted } from "../src/counted.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import type { ChipCapabilities } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import type { ProgrammingMethod } from "../src/program/method.ts";
import { cellsToVerify, onlyCells } from "../src/program/verifyShare.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { methodFor } from "../src/program/methods.ts";
import { executeRun, refuseMethod, resumeRun } from "../src/run/engine.ts";
import { type Estimate, estimateRun } from "../src/run/estimate.ts";
import { type RunPlan, type TileTargets, usualPulsesPerDevice } from "../src/run/plan.ts";
import { checkPlan } from "../src/run/planCheck.ts";
import type { RunId } from "../src/run/store.ts";
import type { ConductanceUnit, Seconds } from "../src/units.ts";
import { parseAddress, withParameters } from "./address.ts";
import type { LabDialect } from "./dialects.ts";
import { refuseImported } from "./imported.ts";
import type { LabelOptions } from "./labelOptions.ts";
import { labelled } from "./labels.ts";
import { modelOfChip, refuseOtherDevices } from "./modelOfChip.ts";
import type { TilesAdvice } from "../src/weights/placement.ts";
import { runNamed } from "./runName.ts";
import { patience } from "./session.ts";
import { type MatrixTargets, type ProgramTargets, readTargets } from "./targets.ts";
import { refuseDoubt, warnOfDoubt, warnOfNoTickets } from "./warnings.ts";
import type { Workplace } from "./workplace.ts";

export interface ProgramOptions extends LabelOptions {
  /** By name; the usual one of the chip's technology where nothing is said. */
  readonly method?: string | undefined;
  /**
   * What is believed of the devices: a built-in name, a file or a definition. The strategy's, or else that of the chip's description,
   * where nothing is said.
   */
  readonly model?: string | ModelDefinition | undefined;
  /** Use a model of `model` that failed the checks of its fit, which is refused where nothing is said. */
  readonly believe?: boolean | undefined;
  /** Where the weights of a strategy are now, if they have moved. */
  readonly weights?: string | undefined;
  /** What the conductances of a file are in. Where nothing is said they are in µS, and refused where they hardly can be. */
  readonly unit?: ConductanceUnit | undefined;
  /** How much each weight of a strategy counts: a file of one number a weight. Needed where `verifyShare` is to go by it. */
  readonly importance?: string | undefined;
  /** Verify only this share of the weights, 0 … 1, where that pays most; the others get one pulse. The whole is two runs. */
  readonly verifyShare?: number | undefined;
  /** Read everything at these ages after programming; 1 s where nothing is said. */
  readonly sweepTimesSeconds?: readonly Seconds[] | undefined;
  /** Pulses that a device may be given in this run, at most (200). */
  readonly pulsesPerDevice?: number | undefined;
  /** Addresses of several chips that hold the targets together, in this order. */
  readonly chips?: readonly string[] | undefined;
  /** Addresses of chips of which one takes the place of a chip that fails. */
  readonly spares?: readonly string[] | undefined;
}

/** Reads that are averaged when a programmed tile is looked at. */
export const sweepAverages = 16;

/**
 * Programs targets into the bench's chip.
 *
 * @param once  of a share to verify: the first of its two runs, where that is done already.
 * @returns     the run, done; the second of two, which corrects the first, of a share to verify.
 */
export async function program(
  place: Workplace,
  targets: string | MatrixTargets,
  options: ProgramOptions,
  once?: RunId,
): Promise<RunId> {
  await place.refuseReadOnly();
  const address = await place.chipNamed();
  const planned = await planFor(place, address, targets, options);
  const session = await place.session(address);
  return session.work(patience.programMilliseconds, async (context, { name, serialNumber }) => {
    const chip = { chipName: name, chipSerialNumber: serialNumber };
    if (planned.once === undefined) return executeRun(context, { ...planned.plan, ...chip });
    const corrects = once ?? (await executeRun(context, { ...planned.once, ...chip }));
    return executeRun(context, { ...planned.plan, ...chip, corrects });
  });
}

/** Options of going on. */
export interface ResumeOptions {
  /** Where the chip is now, if it has moved. */
  readonly chip?: string | undefined;
  /** Of a network over several chips: addresses of more chips of which one takes the place of a chip that fails. */
  readonly spares?: readonly string[] | undefined;
}

/** Whether it is for several chips, or for one that a spare may take the place of. */
export function isOfSeveral({ chips, spares = [] }: ProgramOptions): boolean {
  return chips !== undefined || spares.length > 0;
}

/** Throws `bad-argument` for spares of a run by itself: it works on its own chip. */
export function refuseSpares(run: string, { spares = [] }: ResumeOptions): void {
  if (spares.length === 0) return;
  throw new MhoError(
    "bad-argument",
    `--spare is for a network over several chips, and ${run} is a run on one chip. Leave it out, or resume the network: mho show lists them.`,
    { run },
  );
}

/** What programming would take, without touching a chip. */
export async function estimate(
  place: Workplace,
  targets: string | MatrixTargets,
  options: ProgramOptions,
): Promise<Estimate & { readonly method: string }> {
  // Said first: targets that do not fit the assumed chip may fit the real one.
  warnOfAssumedChip(place, await place.describe(place.chip));
  const { plan, once, method, description, dialect } = await planFor(place, place.chip, targets, options);
  if (lacksTickets(dialect)) warnOfNoTickets(dialect.name, description.name, place.emit);
  const { rowBytes } = dialect;
  const [first, ...rest] = [plan, ...(once === undefined ? [] : [once])].map(
    ({ method: name, tiles, pulsesPerDevice, model, sweepTimesSeconds, sweepAverages: ofSweep }) => {
      const how = { model, sweepTimesSeconds, sweepAverages: ofSweep, rowBytes };
      const by = name === method.name ? method : methodFor(place.registries.methods, name, description);
      return estimateRun(description, tiles, by, pulsesPerDevice, how);
    },
  );
  return { method: method.name, ...rest.reduce(oneAfterTheOther, first!) };
}

/**
 * Throws what `program` would throw before it pulses or reads.
 *
 * @param address  of the chip; of a board that was asked, where it names no description.
 */
export async function checkProgram(
  place: Workplace,
  address: string,
  targets: string,
  options: ProgramOptions,
): Promise<void> {
  await planFor(place, address, targets, options);
}

/** What two runs on the same tiles take together. */
function oneAfterTheOther(a: Estimate, b: Estimate): Estimate {
  const [devices, pulses] = [a.devices + b.devices, a.pulses + b.pulses];
  return {
    devices,
    tiles: Math.max(a.tiles, b.tiles),
    pulses,
    pulsesPerDevice: devices === 0 ? 0 : pulses / devices,
    mostPulsesPerDevice: Math.max(a.mostPulsesPerDevice, b.mostPulsesPerDevice),
    seconds: a.seconds + b.seconds,
    longestRequest:
      a.longestRequest.seconds >= b.longestRequest.seconds ? a.longestRequest : b.longestRequest,
  };
}

export type ChiplessPlan = Omit<RunPlan, "chipName" | "chipSerialNumber">;

/** Room on several chips of one kind, of which one stands for all. */
export interface SharedRoom {
  readonly tiles: number;
  readonly advice: TilesAdvice;
}

/** @param room  that of the chip where none is given. */
export async function planFor(
  place: Workplace,
  chip: string,
  given: string | MatrixTargets,
  options: ProgramOptions,
  room?: SharedRoom,
): Promise<{
  plan: ChiplessPlan;
  /** Where only a share is verified: the run before, that gives the others their pulse. */
  once?: ChiplessPlan;
  method: ProgrammingMethod;
  description: ChipDescription;
  dialect: LabDialect;
  forecastOf: ProgramTargets["forecastOf"];
}> {
  const address = parseAddress(chip, place.registries.dialects);
  const described = await place.describe(chip);
  const tiles = room?.tiles ?? described.geometry.tiles;
  const description = { ...described, geometry: { ...described.geometry, tiles } };
  const shared = options.verifyShare !== undefined;
  const single = shared ? blindMethod(place.registries.methods, description) : undefined;
  const targets = await readTargets(given, address, description, options, room?.advice);
  const { technology } = description.pulses;
  const { strategy, conductances } = technology.usualMethods;
  const usual = targets.model === undefined ? conductances : strategy;
  const method = methodFor(
    place.registries.methods,
    options.method ?? (shared ? technology.usualMethods.conductances : usual),
    description,
  );
  const believed = options.model ?? targets.model ?? (await modelOfChip(description));
  const model = typeof believed === "string" ? await readModel(believed) : believed;
  refuseOtherDevices(model, description);
  // A strategy's own was asked for when it was optimised.
  if (options.model === undefined) warnOfDoubt(model, place.emit);
  else refuseDoubt(model, options.believe, place.emit);
  checkPlan(targets, description, method);
  refuseMethod(targets, method, description, capabilitiesHoped(address.dialect));
  const sharedTiles = shared ? shareOf(targets, options.verifyShare, modelOf(model), method) : undefined;
  if (sharedTiles !== undefined && single !== undefined)
    checkPlan({ title: targets.title, tiles: sharedTiles.once }, description, single);
  const plan: ChiplessPlan = {
    title: targets.title,
    ...labelled(place, options),
    chipAddress: chip,
    method: method.name,
    model,
    sweepTimesSeconds: options.sweepTimesSeconds ?? [1],
    sweepAverages,
    pulsesPerDevice: options.pulsesPerDevice ?? usualPulsesPerDevice,
    tiles: targets.tiles,
    // No model foretells the error of a single pulse that is not read back.
    ...(targets.forecast !== undefined && method.looksBack && !shared && { forecasts: [targets.forecast] }),
  };
  const { forecastOf } = plan.forecasts === undefined ? { forecastOf: undefined } : targets;
  const planned = { method, description, dialect: address.dialect, forecastOf };
  if (sharedTiles === undefined || single === undefined) return { ...planned, plan };
  const { once, verified } = sharedTiles;
  return {
    ...planned,
    plan: { ...plan, tiles: verified },
    once: { ...plan, method: single.name, tiles: once, sweepTimesSeconds: [] },
  };
}

/** What gives each device its pulse and does not look back. Throws `bad-argument` where a technology has no such method. */
function blindMethod(
  methods: readonly ProgrammingMethod[],
  { pulses: { technology } }: ChipDescription,
): ProgrammingMethod {
  const found = methods.find(
    ({ technologies, looksBack, unlisted }) =>
      technologies.includes(technology.name) && !looksBack && unlisted !== true,
  );
  if (found !== undefined) return found;
  throw new MhoError(
    "bad-argument",
    `--verify-share gives the other weights one pulse that is not read back, and ${technology.title} devices have no such method. Leave it away.`,
  );
}

/** The cells that are verified, and those that get one pulse. */
function shareOf(
  { title, tiles, importance }: ProgramTargets,
  share: number,
  model: DeviceModel,
  { name, keepsTargets, looksBack }: ProgrammingMethod,
): { once: TileTargets[]; verified: TileTargets[] } {
  if (!(share > 0 && share < 1))
    throw new MhoError(
      "bad-argument",
      `--verify-share ${share}: give a share above 0 and below 1, such as 0.3.`,
    );
  if (!keepsTargets || !looksBack) {
    throw new MhoError(
      "bad-argument",
      `--verify-share is for a method that verifies single devices, and ${name} does not. Use --method verify.`,
    );
  }
  if (tiles.some(({ cells }) => cells === undefined)) {
    throw new MhoError(
      "bad-argument",
      `--verify-share chooses among weights, and ${title} holds conductances. Give a strategy, or leave --verify-share away.`,
    );
  }
  const chosen = cellsToVerify(tiles, model, share, importance);
  const some = (kind: 0 | 1): TileTargets[] => tiles.map((tile, k) => onlyCells(tile, chosen[k]!, kind));
  return { once: some(0), verified: some(1) };
}

/** A dry run asks no board: it reckons with the usual chip where the address names none, and says so. */
function warnOfAssumedChip(
  { chip, registries, emit }: Workplace,
  { name, geometry, model }: ChipDescription,
): void {
  const address = parseAddress(chip, registries.dialects);
  if (address.scheme === "emulator" || address.chip !== undefined) return;
  emit({
    type: "warning",
    code: "chip_assumed",
    message:
      `The address ${chip} does not say which chip it is, and a dry run does not ask it: it is taken for a ${name} of ` +
      `${counted(geometry.tiles, "tile")} (model ${model}). Give ${withParameters(address, { chip: "NAME" })}, or ?chip=FILE.json.`,
    name,
    why: null,
  });
}

export function lacksTickets({ lacks = [] }: Pick<LabDialect, "lacks">): boolean {
  return lacks.includes("tickets");
}

/** What a chip can do that nobody has asked yet: all that its dialect has words for. */
function capabilitiesHoped({ lacks = [] }: LabDialect): ChipCapabilities {
  const can = (name: keyof ChipCapabilities): boolean => !lacks.includes(name);
  return {
    virtualTime: can("virtualTime"),
    multiply: can("multiply"),
    onBoardVerify: can("onBoardVerify"),
    environment: can("environment"),
    references: can("references"),
    tickets: can("tickets"),
    clock: can("clock"),
    codes: can("codes"),
    serialNumber: can("serialNumber"),
  };
}

/**
 * Goes on with a run that was stopped, cut off or killed.
 *
 * @param chip  where the chip is now, if it has moved.
 * @returns false for a run that was done already.
 */
export async function resume(place: Workplace, given: string, chip: string | undefined): Promise<boolean> {
  const run = runNamed(given);
  place.refuseServer();
  const store = await place.existingStore();
  store.mustBeWritable();
  const plan = await store.plan(run);
  refuseImported(plan, run, "resumed");
  const { chipAddress, method } = plan;
  const { outcome } = await store.summary(run);
  if (outcome === "done") return false;
  if (place.registries.methods.every(({ name }) => name !== method)) {
    throw new MhoError(
      "bad-argument",
      `Run ${run} was made by a script with its own method, ${method}. Resume it from a script that has the method: ` +
        "openBench({ extensions: { methods: [...] } }).",
      { run, method },
    );
  }
  const address = chip ?? chipAddress;
  const { scheme, state } = parseAddress(address, place.registries.dialects);
  if (scheme === "emulator" && state === "none") {
    throw new MhoError(
      "bad-argument",
      `Run ${run} was on a chip that was not kept, at ${address}, and ended with the command that began it. ` +
        "Leave ?state=none away to go on with a chip.",
      { run },
    );
  }
  const session = await place.sessionOf(run, chip);
  await session.work(patience.programMilliseconds, (context) => resumeRun(context, run));
  return true;
}
