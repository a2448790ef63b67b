import { createHash } from "node:crypto";
import { basename } from "node:path";
import { type MeasuredFile, readMeasurements } from "../files/measurements/readMeasurements.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import type { ChipIdentity } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import { layOut } from "../src/imported/layout.ts";
import type { Measurements } from "../src/imported/measurements.ts";
import { importedTile, secondsOf, verdictOf } from "../src/imported/records.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import { importedUnverified, importedVerified } from "../src/program/imported.ts";
import { verdicts } from "../src/program/method.ts";
import type { SweepRecord } from "../src/run/journal.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { describeImported } from "./importedChip.ts";
import { importedScheme } from "./imported.ts";
import type { LabelOptions } from "./labelOptions.ts";
import { labelled } from "./labels.ts";
import { mappingNamed } from "./mappings.ts";
import { fitsRange, modelOfChip } from "./modelOfChip.ts";
import { wallTime } from "./wallTime.ts";
import type { Workplace } from "./workplace.ts";

export interface ImportOptions extends LabelOptions {
  /** Which column is what: a built-in mapping's name, a file, or what such a file holds. */
  readonly as: string | object;
  /** Name of the chip that the devices are said to be of; that of the mapping, or of the first file. */
  readonly chipName?: string | undefined;
  /** pcm or rram; that of the mapping where nothing is said. */
  readonly technology?: string | undefined;
  /** Range of the devices, µS; that of the mapping, or else what was measured, rounded up. */
  readonly maxConductanceMicrosiemens?: number | undefined;
}

/** What was imported. */
export interface Imported {
  readonly run: RunId;
  readonly chip: string;
  readonly serialNumber: string;
  readonly technology: string;
  readonly maxConductanceMicrosiemens: number;
  readonly devices: number;
  readonly tiles: number;
  /** Ages at which devices were read. */
  readonly sweeps: number;
  /** Reads after the write. */
  readonly reads: number;
  /** Of these, reads that the files have no value for. */
  readonly missing: number;
  /** Of these, reads below zero. */
  readonly negative: number;
  /** Devices whose conductance directly after the write is known. */
  readonly written: number;
  /** Devices that were written outside the range that they were aimed at. */
  readonly outside: number;
  readonly files: readonly MeasuredFile[];
}

/** Makes a run of what another tester measured. Throws `bad-file` and `bad-argument`; nothing is kept then. */
export async function importMeasurements(
  place: Workplace,
  paths: readonly string[],
  options: ImportOptions,
): Promise<Imported> {
  if (paths.length === 0)
    throw new MhoError("bad-argument", "There is no file to import. Name one, or several.");
  const { mapping, text } = await mappingNamed(options.as);
  const { measurements, files } = await readMeasurements(paths, mapping);
  refuseEmpty(measurements, paths);
  const labels = labelled(place, options);
  const store = await place.writableStore();
  const technology = options.technology ?? mapping.chip.technology;
  if (technology === undefined) {
    throw new MhoError(
      "bad-argument",
      `The mapping ${mapping.name} does not say of which technology the devices are. Name it with --technology: pcm or rram.`,
    );
  }
  const name = options.chipName ?? mapping.chip.name ?? nameAfter(paths[0]!);
  const range =
    options.maxConductanceMicrosiemens ?? mapping.chip.maxConductanceMicrosiemens ?? rangeOf(measurements);
  const layout = layOut(measurements);
  const geometry = {
    tiles: layout.tiles.length,
    rows: layout.rows,
    columns: layout.columns,
    devicesPerCell: 1,
  };
  const description = await describeImported(name, technology, range, geometry);
  const serialNumber = await serialNumberFor(store, name, files, text);
  let ticket = 1;
  const tiles = layout.tiles.map((laid, tile) => {
    const made = importedTile(measurements, layout, tile, ticket);
    ticket += laid.rowCount;
    return made;
  });
  const times = new Set(layout.tiles.flatMap(({ sweeps }) => sweeps.map(secondsOf)));
  const plan: RunPlan = {
    title: files.length === 1 ? basename(paths[0]!) : `${basename(paths[0]!)} and ${files.length - 1} more`,
    ...labels,
    chipName: name,
    chipSerialNumber: serialNumber,
    chipAddress: `${importedScheme}${name}`,
    method: (mapping.verified ? importedVerified : importedUnverified).name,
    model: await modelStretched(description),
    sweepTimesSeconds: [...times].sort((a, b) => a - b),
    sweepAverages: measurements.reads.averages[0]!,
    pulsesPerDevice: 1,
    tiles: tiles.map(({ targets }) => targets),
    imported: {
      files: files.map(({ file, sha256 }) => ({ name: basename(file), sha256 })),
      mapping: mapping.name,
      mappingText: text,
      deviceNames: tiles.map(({ names }) => names.join("\n")),
    },
  };
  const run = await store.beginRun(
    plan,
    identityOf(description, serialNumber),
    wallTime(),
    description.document,
  );
  try {
    for (const { turns, sweeps } of tiles) {
      for (const turn of turns) await store.appendTurn(run, turn);
      for (const some of inCommits(sweeps())) await store.appendSweeps(run, some);
    }
  } catch (error) {
    // A full disk has no room to say so either.
    await store.endRun(run, "failed").catch(() => undefined);
    throw error;
  }
  await store.endRun(run, "done");
  const { reads, devices } = measurements;
  return {
    run,
    chip: name,
    serialNumber,
    technology,
    maxConductanceMicrosiemens: range,
    devices: devices.length,
    tiles: tiles.length,
    sweeps: times.size,
    reads: reads.devices.length,
    missing: reads.conductanceMicrosiemens.reduce((n, g) => n + (Number.isNaN(g) ? 1 : 0), 0),
    negative: reads.conductanceMicrosiemens.reduce((n, g) => n + (g < 0 ? 1 : 0), 0),
    written: devices.reduce((n, device) => n + (Number.isNaN(device.writtenMicrosiemens) ? 0 : 1), 0),
    outside: devices.reduce((n, device) => n + (verdictOf(device) === verdicts.budgetSpent ? 1 : 0), 0),
    files,
  };
}

/** A commit each would take longer than the reading. */
function* inCommits(sweeps: Iterable<SweepRecord>): Iterable<SweepRecord[]> {
  let some: SweepRecord[] = [];
  for (const sweep of sweeps) {
    some.push(sweep);
    if (some.length < sweepsACommit) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

const sweepsACommit = 200;

/** Nothing is known of the devices before a fit: the usual model of their technology stands for it, over their range. */
async function modelStretched(description: ChipDescription): Promise<ModelDefinition> {
  const usual = await modelOfChip(description);
  const { maxConductanceMicrosiemens } = description;
  if (!("maxConductanceMicrosiemens" in usual) || fitsRange(usual, maxConductanceMicrosiemens)) return usual;
  return { ...usual, name: `${usual.name}-stretched`, maxConductanceMicrosiemens };
}

function refuseEmpty({ reads }: Measurements, paths: readonly string[]): void {
  if (reads.devices.length > 0) return;
  throw new MhoError(
    "bad-file",
    `Cannot use ${paths.join(", ")}: all reads are at time 0, and a run is of how devices go on after it.`,
    { file: paths[0]! },
  );
}

/** A chip's name has 64 characters at most. */
function nameAfter(path: string): string {
  return basename(path).replace(/\..*$/, "").slice(0, 64) || "imported";
}

/** The highest conductance of any read or target, rounded up to two digits. */
function rangeOf({ devices, reads }: Measurements): number {
  let most = 0;
  for (const g of reads.conductanceMicrosiemens) if (g > most) most = g;
  for (const { writtenMicrosiemens: written, highMicrosiemens: high } of devices) {
    if (written > most) most = written;
    if (high > most) most = high;
  }
  if (most === 0) return 1;
  const digit = Number(`1e${Math.floor(Math.log10(most)) - 1}`);
  return Number((Math.ceil(most / digit) * digit).toPrecision(2));
}

/** Of what the files hold, so that they are another chip's than any other files; imported again, another chip's once more. */
async function serialNumberFor(
  store: RunStore,
  name: string,
  files: readonly MeasuredFile[],
  mapping: string,
): Promise<string> {
  const hash = createHash("sha256").update(mapping);
  for (const { sha256 } of files) hash.update(sha256);
  const digest = hash.digest("hex").slice(0, 12);
  for (let copy = 1; ; copy++) {
    const serialNumber = copy === 1 ? digest : `${digest}-${copy}`;
    if ((await store.runsOfChip({ name, serialNumber })).length === 0) return serialNumber;
  }
}

function identityOf({ name, geometry }: ChipDescription, serialNumber: string): ChipIdentity {
  return {
    name,
    serialNumber,
    firmware: "none: imported",
    boot: 0,
    geometry,
    capabilities: {
      virtualTime: false,
      multiply: false,
      onBoardVerify: false,
      environment: false,
      references: false,
    },
    newestTicket: 0,
  };
}
