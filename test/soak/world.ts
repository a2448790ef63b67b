import { drawFaults, type FaultRecord, noFaults } from "../../emulator/faults.ts";
import type { Firmware } from "../../emulator/firmware.ts";
import { findPreset, type Preset } from "../../emulator/presets.ts";
import type { Microseconds } from "../../src/units.ts";
import { type Deed, drawDeeds, drawRareDeeds, inOrder } from "./deeds.ts";
import { Draws } from "./draws.ts";

/** All that one seed decides. */
export interface World {
  readonly seed: number;
  readonly days: number;
  readonly preset: Preset;
  readonly dialect: string;
  readonly method: string;
  /** Inputs and outputs of the layer that is programmed: rows and columns of cells. */
  readonly shape: readonly [number, number];
  /** Which of a few layers of weights. */
  readonly layer: number;
  readonly faults: FaultRecord;
  readonly deeds: readonly Deed[];
  /** Whether it may hold more than it did when the seeds of `test/soak.test.ts` were found. */
  readonly rare: boolean;
  /** A second chip, whose run goes on in the same workspace at the same time. */
  readonly companion: "in its own process" | "in the same process" | undefined;
  /** Whether its files are on a file system of its own that can be filled, where one may be mounted. */
  readonly smallDisk: boolean;
  /** A board that takes long for a row, in link time as in its own; undefined for one that answers at once. */
  readonly readRowMicroseconds: Microseconds | undefined;
  /** What its chip is; an emulated one that speaks the dialect where not given. */
  readonly emulate?: (preset: Preset, seed: number) => Firmware;
}

/** What a world may hold beyond line faults and an operator who kills, stops, pauses, looks and fills the disk. */
export interface Rarities {
  readonly rare: boolean;
  readonly slow: boolean;
}

const presets = ["pcm-64", "pcm-64", "pcm-64", "pcm-256", "rram-128"] as const;
const pcmMethods: readonly string[] = [
  "verify",
  "verify",
  "residual",
  "open-loop",
  "max-set-fill",
  "on-board",
];
const rramMethods: readonly string[] = ["verify", "residual", "staircase"];

/** A world that is made of a seed: which chip, in what conditions, what goes wrong and what its operator does. */
export function drawWorld(
  seed: number,
  days: number,
  { rare, slow }: Rarities = { rare: true, slow: false },
): World {
  const draws = new Draws(seed, "world");
  const name = draws.oneOf(presets);
  const dialect = draws.happens(0.35) ? "scpi" : "packet";
  const rram = name === "rram-128";
  const readRowMicroseconds = slow ? slowRow(seed) : undefined;
  const usual = findPreset(name, {
    tiles: 1 + draws.whole(2),
    births: draws.oneOf(
      rram ? (["usual", "sound"] as const) : (["usual", "sound", "odd", "stranger"] as const),
    ),
    converter: draws.happens(0.3) ? "worn" : undefined,
    ...(draws.happens(0.4) ? { temperatureCelsius: 15 + draws.whole(40), swingCelsius: draws.whole(8) } : {}),
  })!;
  const readout =
    readRowMicroseconds === undefined
      ? usual.readout
      : { ...usual.readout, readRowMicroseconds, pulseRowMicroseconds: readRowMicroseconds };
  const preset = { ...usual, readout };
  const drawn = draws.oneOf(rram ? rramMethods : pcmMethods);
  // The board's own loop does not say what it gave in that dialect, and is refused.
  const method = drawn === "on-board" && dialect === "scpi" ? "verify" : drawn;
  const faults = fitted(drawFaults(seed, preset.geometry));
  return {
    seed,
    days,
    preset,
    dialect,
    method,
    shape: name === "pcm-64" ? [2 + draws.whole(4), 64] : [2, name === "pcm-256" ? 128 : 96],
    layer: draws.whole(3),
    faults,
    rare,
    ...(rare ? drawRarities(seed) : noRarities),
    deeds: inOrder([...drawDeeds(seed), ...(rare ? drawRareDeeds(seed) : [])]),
    readRowMicroseconds,
  };
}

/** 0.1 ms … 0.5 s: from what is usual to one row after the other of a source-measure unit. */
function slowRow(seed: number): Microseconds {
  return 100 * Math.ceil(Math.exp(Math.log(5000) * new Draws(seed, "slow board").uniform()));
}

function drawRarities(seed: number): Pick<World, "companion" | "smallDisk"> {
  const draws = new Draws(seed, "rarities");
  const where = draws.oneOf(["in its own process", "in the same process"] as const);
  return { companion: draws.happens(0.15) ? where : undefined, smallDisk: draws.happens(0.3) };
}

const noRarities = { companion: undefined, smallDisk: false } as const;

/** The same world, in which nothing goes wrong and nobody interferes. */
export function undisturbed(world: World): World {
  return { ...world, ...noRarities, faults: { ...noFaults, seed: world.seed }, deeds: [] };
}

/** Whether a world's faults spoil devices or converters for good, so that its results may well be worse. */
export function isSpoilt({ faults }: World): boolean {
  return faults.events.some(({ fault }) => ["stick", "dead-row", "converter-jump"].includes(fault));
}

/** The usual faults, within the few thousand requests that a small world makes, and on the rows that it uses. */
function fitted(record: FaultRecord): FaultRecord {
  const events = record.events.map((event) => ({
    ...event,
    afterRequests: Math.ceil(event.afterRequests * shareOfRequests),
    ...("row" in event ? { row: event.row % 4 } : {}),
  }));
  return { ...record, events };
}

const shareOfRequests = 0.2;
