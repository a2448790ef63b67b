import { amplitudePerCode, type ChipDescription, highestCode } from "../src/chip/description.ts";
import { type Block, devicesPerRow } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";
import {
  type Findings,
  methodNameOf,
  type Procedure,
  type Settings,
  settingsOf,
} from "../src/measure/procedure.ts";
import { procedureNamed, procedureOfMethod } from "../src/measure/procedures.ts";
import { countUnformed, refuseUnformed } from "../src/program/unformed.ts";
import type { RunContext } from "../src/run/context.ts";
import { executeRun } from "../src/run/engine.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import type { TurnRecord } from "../src/run/journal.ts";
import type { RunPlan, TileTargets } from "../src/run/plan.ts";
import { checkPlan } from "../src/run/planCheck.ts";
import type { RunId } from "../src/run/store.ts";
import type { LabelOptions } from "./labelOptions.ts";
import { labelled } from "./labels.ts";
import { modelOfChip } from "./modelOfChip.ts";
import { refusePlace } from "./readOut.ts";
import { descriptionOf } from "./runDescription.ts";
import { patience } from "./session.ts";
import type { Workplace } from "./workplace.ts";

export interface MeasureOptions extends LabelOptions {
  /** One tile; all where none is named, or the first where a procedure measures a few devices. */
  readonly tile?: number | undefined;
  /** The first of the rows that are measured, and how many (1); the procedure's usual ones where no row is named. */
  readonly row?: number | undefined;
  readonly rows?: number | undefined;
  /** Numbers of the devices that are measured, in each row: column × devices a cell + device. */
  readonly devices?: readonly number[] | undefined;
  /** Settings of the procedure by name, each in its unit; the usual ones for the rest. */
  readonly settings?: Settings | undefined;
  /** What a device may be given in this run, at most; what the procedure needs where nothing is said. */
  readonly pulsesPerDevice?: number | undefined;
}

/** Measures devices. It is a run: journalled pulse by pulse, within limits and budgets, stopped and resumed as any other. */
export async function measure(place: Workplace, kind: string, options: MeasureOptions): Promise<RunId> {
  await place.refuseReadOnly();
  const { procedures } = place.registries;
  const procedure = procedureNamed(procedures, kind);
  const address = await place.chipNamed();
  const description = await place.describe(address);
  refuseTechnology(procedure, description);
  const settings = settingsGiven(procedure, options.settings ?? {}, description);
  refuseSmallBudget(procedure, settings, options);
  const labels = labelled(place, options);
  const model = await modelOfChip(description);
  const session = await place.session(address);
  return session.work(
    patience.programMilliseconds,
    async (context, { name, serialNumber, geometry, capabilities }) => {
      const chip = { ...description, geometry };
      const tiles = tilesOf(address, procedure, chip, options);
      const refusal = procedure.requires?.(chip, capabilities, settings, tiles[0]!.block.rowCount);
      if (refusal !== undefined) throw new MhoError("bad-argument", refusal, { kind });
      const plan: RunPlan = {
        title: `measure ${kind}`,
        chipName: name,
        chipSerialNumber: serialNumber,
        chipAddress: address,
        method: methodNameOf(procedure),
        model,
        sweepTimesSeconds: [],
        sweepAverages: 1,
        pulsesPerDevice: options.pulsesPerDevice ?? procedure.pulses(settings, chip),
        settings,
        tiles,
        ...labels,
      };
      checkPlan(plan, chip, { name: plan.method });
      if (procedure.pulsesPristine !== true && procedure.pulses(settings, chip) > 0)
        await refusePristine(context, plan, chip);
      return executeRun(context, plan);
    },
  );
}

/**
 * Throws what `measure` would throw before it pulses or reads.
 *
 * @param address  of the chip; of a board that was asked, where it names no description.
 */
export async function checkMeasure(
  place: Workplace,
  address: string,
  kind: string,
  options: MeasureOptions,
): Promise<void> {
  const procedure = procedureNamed(place.registries.procedures, kind);
  const chip = await place.describe(address);
  refuseTechnology(procedure, chip);
  refuseSmallBudget(procedure, settingsGiven(procedure, options.settings ?? {}, chip), options);
  labelled(place, options);
  tilesOf(address, procedure, chip, options);
}

/** With fewer pulses nothing would be measured, and the run would not say why. */
function refuseSmallBudget(
  { name, leastPulses }: Procedure,
  settings: Settings,
  { pulsesPerDevice: given }: MeasureOptions,
): void {
  const { pulses, why } = leastPulses?.(settings) ?? { pulses: 0, why: "" };
  if (given === undefined || given >= pulses) return;
  throw new MhoError(
    "bad-argument",
    `A budget of ${given} pulses a device is too small for ${name}: ${why}, which takes ${pulses}. Give a budget of ${pulses} or more.`,
    { kind: name },
  );
}

/** What a run of `measure` found so far. Throws `bad-argument` for a run that is none. */
export async function findingsOf(place: Workplace, run: RunId): Promise<Findings> {
  const store = await place.existingStore();
  const plan = await store.plan(run);
  const procedure = procedureOfMethod(place.registries.procedures, plan.method);
  if (procedure === undefined) {
    throw new MhoError(
      "bad-argument",
      `Run ${run} is no measurement: its method is ${plan.method}. Findings are of runs of mho measure.`,
      { run },
    );
  }
  const chip = await descriptionOf(store, run, place.emit, place.registries);
  const turns: TurnRecord[] = [];
  for await (const turn of store.turns(run)) turns.push(turn);
  const sweeps = [];
  for await (const sweep of store.sweeps(run)) sweeps.push(sweep);
  return procedure.judge({ plan, chip, settings: plan.settings ?? {}, turns, sweeps });
}

/** Reads the devices that are to be measured, and throws `bad-argument` where many of them were never formed. */
async function refusePristine(
  { driver, store, acceptUnknownWear }: RunContext,
  { chipName: name, chipSerialNumber: serialNumber, tiles }: RunPlan,
  { geometry, pulses }: ChipDescription,
): Promise<void> {
  const { pristineBelowMicrosiemens: below } = pulses.technology;
  // Another workspace may have formed them, and left them low.
  if (below === undefined || acceptUnknownWear === true) return;
  const ledger = await PulseLedger.ofChip(store, { name, serialNumber }, geometry);
  let found = { devices: 0, unformed: 0 };
  for (const { block, targetsMicrosiemens } of tiles) {
    const { conductanceMicrosiemens, flags } = await driver.read(block, 1);
    const pulsesBefore = ledger.pulsesOfTile(block.tile).subarray(block.rowStart * devicesPerRow(geometry));
    const measured = (i: number): boolean => !Number.isNaN(targetsMicrosiemens[i]!);
    const here = countUnformed(conductanceMicrosiemens, flags, pulsesBefore, below, measured);
    found = { devices: found.devices + here.devices, unformed: found.unformed + here.unformed };
  }
  refuseUnformed(found, "measured", below);
}

function refuseTechnology({ name, technologies }: Procedure, chip: ChipDescription): void {
  const { technology } = chip.pulses;
  if (technologies.includes(technology.name)) return;
  throw new MhoError(
    "bad-argument",
    `The measurement ${name} is not for the ${technology.title} devices of ${chip.name}. mho measure --help says which are.`,
    { kind: name },
  );
}

function settingsGiven(procedure: Procedure, given: Settings, chip: ChipDescription): Settings {
  const { amplitudeUnit } = chip.pulses.technology;
  /** The chip's limit: more would be fired as this. */
  const highest = Number((highestCode(chip) * amplitudePerCode(chip.pulses)).toPrecision(6));
  for (const [name, value] of Object.entries(given)) {
    const setting = procedure.settings.find((one) => one.name === name);
    if (setting === undefined) {
      const known = procedure.settings.map((one) => one.name).join(", ");
      throw new MhoError("bad-argument", `${procedure.name} has no setting ${name}. It has ${known}.`, {
        setting: name,
      });
    }
    const { least, unit, whole } = setting;
    const most = Math.min(setting.most, unit === amplitudeUnit ? highest : Infinity);
    if (value >= least && value <= most && (whole !== true || Number.isInteger(value))) continue;
    const kind = whole === true ? "whole number" : "number";
    throw new MhoError(
      "bad-argument",
      `The setting ${name} of ${procedure.name} is ${value}: give a ${kind} from ${least} to ${most}${unit === "" ? "" : ` ${unit}`}.`,
      { setting: name, value },
    );
  }
  return settingsOf(procedure, given, chip);
}

/** A target of 0 marks a device that is measured. */
function tilesOf(
  address: string,
  { usual }: Procedure,
  { geometry }: ChipDescription,
  { tile, row, rows, devices }: MeasureOptions,
): TileTargets[] {
  const perRow = devicesPerRow(geometry);
  const first = row ?? 0;
  const rowCount = rows ?? (row !== undefined ? 1 : Math.min(usual?.rows ?? Infinity, geometry.rows - first));
  for (const device of devices ?? [0])
    refusePlace(address, geometry, { tile, row: first + rowCount - 1, device });
  if (devices?.length === 0)
    throw new MhoError(
      "bad-argument",
      "No device is named. Name some, or leave the devices away for the usual ones.",
    );
  const few =
    devices ??
    (usual === undefined ? undefined : Array.from({ length: Math.min(perRow, usual.devices) }, (_, k) => k));
  const all =
    usual === undefined && row === undefined ? Array.from({ length: geometry.tiles }, (_, t) => t) : [0];
  return (tile === undefined ? all : [tile]).map((one) => {
    const block: Block = { tile: one, rowStart: first, rowCount };
    const targetsMicrosiemens = new Float32Array(rowCount * perRow).fill(few === undefined ? 0 : Number.NaN);
    if (few !== undefined)
      for (let r = 0; r < rowCount; r++)
        for (const device of few) targetsMicrosiemens[r * perRow + device] = 0;
    return { block, targetsMicrosiemens };
  });
}
