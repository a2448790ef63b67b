import type { ChipGeometry } from "../src/chip/geometry.ts";
import {
  type Microamperes,
  type Microseconds,
  microsecondsPerSecond,
  type Microsiemens,
  type Nanoseconds,
} from "../src/units.ts";
import { type Births, birthKinds, type Outliers } from "./birthKinds.ts";
import { driftLaw90nm, driftLawHermes, type DriftLaw } from "./driftLaw.ts";
import { type EcramPhysics, lithiumEcram } from "./ecramPhysics.ts";
import type { Bake, TemperatureProfile } from "./temperature.ts";

export { manyOutliers, type Outliers } from "./birthKinds.ts";

/**
 * The truth of an emulated kind of chip. It shares no number and no code with the models and chip descriptions
 * that the controller believes in, so that a fit that looks right is right.
 */
export interface Preset {
  /** Of the chip. */
  readonly name: string;
  /** What was chosen of its conditions, as a part of its serial number: such a chip is another one. Empty for none. */
  readonly variant?: string;
  readonly geometry: ChipGeometry;
  readonly physics: Physics;
  readonly defects: Defects;
  readonly readout: Readout;
  readonly array: ArrayEffects;
  readonly firmware: FirmwareLimits;
  /** The dialect that its board speaks where none is named; the first of all where this does not say. */
  readonly dialect?: string;
  /** The instrument in front of its devices, where no board is, and whether it reaches them through a switch matrix. */
  readonly instrument?: {
    readonly model: "2400" | "2450";
    /** Of its devices' amplitude codes. */
    readonly voltsPerCode: number;
    readonly switch?: boolean;
  };
  /** Whether the board takes its own time on a paced line too, and not the line's alone: a slow one. */
  readonly takesItsTime?: boolean;
}

/** `tiles.ts` has what becomes of each. */
export type Physics = PcmPhysics | RramPhysics | EcramPhysics;

/** Laws and figures: docs/emulator.md. Between devices: `…Spread`; between pulses: `…Scatter`. */
export interface PcmPhysics {
  readonly technology: "pcm";
  readonly maxConductance: Microsiemens;
  readonly topConductance: Microsiemens;
  readonly topSpread: Microsiemens;
  readonly relativeScatter: number;
  readonly residualConductance: Microsiemens;
  readonly residualLogSpread: number;
  readonly halfwayAmplitude: Microamperes;
  readonly halfwaySpread: Microamperes;
  readonly halfwayScatter: Microamperes;
  /** Difference of the halfway amplitude between the first and the last row, as a share of it; it is part of
   * `halfwaySpread`. */
  readonly halfwayGradient: number;
  readonly slopeAmplitude: Microamperes;
  readonly slopeLogSpread: number;
  readonly referenceWidthNanoseconds: Nanoseconds;
  readonly widthExponent: number;
  /** A slow trailing edge crystallises a share 1 − exp(−t/this). */
  readonly trailingNanoseconds: Nanoseconds;
  readonly partialSet: PartialSet;
  readonly drift: DriftLaw;
  /** 0 for devices that cycling leaves as they are; emulator/cycling.ts. */
  readonly cyclingPulses?: number;
  /** Births outside every model family, as shares of the devices. */
  readonly outliers: Outliers;
}

/** ΔG = (G_top − G) κ, κ = gain (width/150 ns) exp(−((I − best)/range)²), lognormal. */
export interface PartialSet {
  readonly gain: number;
  readonly referenceWidthNanoseconds: Nanoseconds;
  readonly bestAmplitude: Microamperes;
  readonly amplitudeRange: Microamperes;
  readonly logScatter: number;
}

/** HfOx with a transistor: limits that pulses move a conductance towards. docs/emulator.md has the laws. */
export interface RramPhysics {
  readonly technology: "rram";
  readonly maxConductance: Microsiemens;
  readonly voltsPerCode: number;
  /** Pristine devices need one SET above this voltage. */
  readonly formed: boolean;
  readonly formingVoltage: number;
  readonly formingSpread: number;
  /** V by which SET and RESET thresholds fall with each factor of ten in the width of a pulse. */
  readonly switchingVoltsPerDecade: number;
  /** By how much more voltage a pulse must have that is ten times as short. */
  readonly formingVoltsPerDecade: number;
  readonly formingWidthNanoseconds: Nanoseconds;
  /** Share of the devices with random telegraph noise; none where it is not given. */
  readonly telegraph?: number;
  /** Whether how strongly devices relax has heavy tails: a t distribution of 3 degrees of freedom. */
  readonly heavyTails?: boolean;
  /** 0 for devices that cycling leaves as they are; emulator/cycling.ts. */
  readonly cyclingPulses?: number;
}

/** Shares of the devices that are born wrong, and how soon weak ones wear out. */
export interface Defects {
  readonly stuckHigh: number;
  readonly stuckLow: number;
  readonly open: number;
  readonly weak: number;
  /** Median number of pulses that a weak device bears. */
  readonly weakEndurance: number;
}

export interface Readout {
  readonly microsiemensPerCode: Microsiemens;
  readonly codes: number;
  readonly whiteNoise: Microsiemens;
  /** Code that a converter gives for nothing, and its relative gain error; between tiles. */
  readonly offsetSpreadCodes: number;
  readonly gainSpread: number;
  /** Largest deviation from a straight line, as a share of full scale; a parabola. */
  readonly nonLinearity: number;
  readonly readRowMicroseconds: Microseconds;
  readonly pulseRowMicroseconds: Microseconds;
  /** Known resistors that the converters can look at. */
  readonly references: readonly Microsiemens[];
  /** Matrix–vector products in one step, for tiles that can. */
  readonly multiply: MultiplyConverters | undefined;
  /** What devices are read with, of boards that can read with another voltage, V. */
  readonly readVolts?: { readonly usual: number; readonly most: number };
}

/** Inputs of 8 bits with sign, where 127 is the read voltage; outputs of so many bits over ± full scale. */
export interface MultiplyConverters {
  readonly outputBits: number;
  readonly fullScaleMicrosiemens: Microsiemens;
}

/** What devices do to each other. */
export interface ArrayEffects {
  /** Loss of amplitude at the far end of a row whose devices are all pulsed together. */
  readonly droop: number;
  /** Share of the way to the top that one read moves a device. */
  readonly readDisturb: number;
  /** Share that a pulse moves the other devices of its column: arrays without selectors. */
  readonly halfSelectDisturb: number;
  /** Resistance of one cell's length of row and column wire; 0 for none. */
  readonly wireOhmsPerCell: number;
  readonly temperature: TemperatureProfile;
}

export interface FirmwareLimits {
  readonly microamperesPerCode: Microamperes;
  readonly maxAmplitudeCode: number;
  readonly minWidthNanoseconds: Nanoseconds;
  readonly maxWidthNanoseconds: Nanoseconds;
  readonly maxTrailingNanoseconds: Nanoseconds;
  readonly maxAverages: number;
  /** Whether the board has a verify loop of its own for its devices. */
  readonly verifyLoop: boolean;
  /** Cycles of two pulses that the board gives in one command, at most; 0 for a board that cannot. */
  readonly mostBurstCycles: number;
  /** The line's own rate, which chip time is charged by. */
  readonly lineBytesPerSecond: number;
  /** Silence of the host after which the chip goes to standby by itself; link time. */
  readonly watchdogMicroseconds: Microseconds;
}

export const noDefects: Defects = { stuckHigh: 0, stuckLow: 0, open: 0, weak: 0, weakEndurance: 60 };

const noOutliers: Outliers = { curved: 0, telegraph: 0, fastDrifting: 0, crystallising: 0 };
const pcm90nm: PcmPhysics = {
  technology: "pcm",
  maxConductance: 25,
  topConductance: 30,
  topSpread: 1.6,
  relativeScatter: 0.06,
  residualConductance: 0.12,
  residualLogSpread: 0.5,
  halfwayAmplitude: 250,
  halfwaySpread: 20,
  halfwayScatter: 5,
  halfwayGradient: 0.03,
  slopeAmplitude: 22,
  slopeLogSpread: 0.1,
  referenceWidthNanoseconds: 100,
  widthExponent: -0.15,
  trailingNanoseconds: 400,
  partialSet: {
    gain: 0.12,
    referenceWidthNanoseconds: 150,
    bestAmplitude: 150,
    amplitudeRange: 40,
    logScatter: 0.35,
  },
  drift: driftLaw90nm,
  outliers: noOutliers,
};

/** The same chemistry in the smaller range of the 64-core chip. */
const pcmHermes: PcmPhysics = {
  ...pcm90nm,
  maxConductance: 20.7,
  topConductance: 24.8,
  topSpread: 1.3,
  residualConductance: 0.1,
  drift: driftLawHermes,
};

const formedHafnia: RramPhysics = {
  technology: "rram",
  maxConductance: 40,
  voltsPerCode: 0.005,
  formed: true,
  formingVoltage: 2.8,
  formingSpread: 0.2,
  formingVoltsPerDecade: 0.12,
  switchingVoltsPerDecade: 0.1,
  formingWidthNanoseconds: 1000,
};

const fewDefects: Defects = { stuckHigh: 2e-4, stuckLow: 4e-4, open: 2e-4, weak: 5e-4, weakEndurance: 60 };

const readout: Readout = {
  microsiemensPerCode: 0.04,
  codes: 1024,
  whiteNoise: 0.02,
  offsetSpreadCodes: 0,
  gainSpread: 0,
  nonLinearity: 0,
  readRowMicroseconds: 20,
  pulseRowMicroseconds: 10,
  references: [0, 1, 2.5, 5, 7.5, 10, 12.5, 15, 17.5, 20, 22.5, 25, 30],
  multiply: { outputBits: 12, fullScaleMicrosiemens: 400 },
};

const array: ArrayEffects = {
  droop: 0.01,
  readDisturb: 0,
  halfSelectDisturb: 0,
  wireOhmsPerCell: 0,
  temperature: { meanCelsius: 25, swingCelsius: 0, periodSeconds: 86_400 },
};

const firmware: FirmwareLimits = {
  microamperesPerCode: 0.49,
  maxAmplitudeCode: 1000,
  minWidthNanoseconds: 20,
  maxWidthNanoseconds: 5000,
  maxTrailingNanoseconds: 1_000_000,
  maxAverages: 256,
  verifyLoop: true,
  mostBurstCycles: 10_000,
  lineBytesPerSecond: 300_000,
  watchdogMicroseconds: 10_000_000,
};

/** One HfOx device on a probe station, formed, between the terminals of a source-measure unit. */
const oneDevice: Preset = {
  name: "smu-device",
  dialect: "smu",
  geometry: { tiles: 1, rows: 1, columns: 1, devicesPerCell: 1 },
  physics: formedHafnia,
  defects: noDefects,
  readout: {
    ...readout,
    microsiemensPerCode: 0.005,
    codes: 65_535,
    readRowMicroseconds: 20_000,
    pulseRowMicroseconds: 1000,
    references: [],
    multiply: undefined,
  },
  array: { ...array, temperature: { ...array.temperature, isSensed: false } },
  firmware: {
    ...firmware,
    maxAmplitudeCode: 1000,
    minWidthNanoseconds: 1000,
    maxWidthNanoseconds: 1e13,
    verifyLoop: false,
    mostBurstCycles: 0,
    lineBytesPerSecond: 5760,
    watchdogMicroseconds: Infinity,
  },
};

const presets: Readonly<Record<string, Preset>> = {
  /** Phase-change memory up to 25 µS: tiles of 64 × 64 cells of four devices. */
  "pcm-64": {
    name: "pcm-64",
    geometry: { tiles: 1, rows: 64, columns: 64, devicesPerCell: 4 },
    physics: pcm90nm,
    defects: fewDefects,
    readout,
    array,
    firmware,
  },
  /** One core of the 64-core chip: 256 × 256 cells of four devices. */
  "pcm-256": {
    name: "pcm-256",
    geometry: { tiles: 1, rows: 256, columns: 256, devicesPerCell: 4 },
    physics: pcmHermes,
    defects: fewDefects,
    readout,
    array,
    firmware,
  },
  /** All of it: 16.8 million devices. */
  "pcm-64core": {
    name: "pcm-64core",
    geometry: { tiles: 64, rows: 256, columns: 256, devicesPerCell: 4 },
    physics: pcmHermes,
    defects: fewDefects,
    readout,
    array,
    firmware,
  },
  /** HfOx with transistors, formed: 128 × 128 cells of two devices up to 40 µS. */
  "rram-128": {
    name: "rram-128",
    geometry: { tiles: 1, rows: 128, columns: 128, devicesPerCell: 2 },
    physics: formedHafnia,
    defects: fewDefects,
    readout: {
      ...readout,
      microsiemensPerCode: 0.06,
      references: [0, 1.5, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48],
      readVolts: { usual: 0.2, most: 0.5 },
    },
    array,
    firmware: { ...firmware, maxAmplitudeCode: 800, verifyLoop: false },
  },
  /** Devices that switch at 0.6 V, on the open board of 8 × 8: those of rram-128, as if every volt were two and a half. */
  "openmena-8": {
    name: "openmena-8",
    geometry: { tiles: 1, rows: 8, columns: 8, devicesPerCell: 1 },
    physics: {
      technology: "rram",
      maxConductance: 40,
      voltsPerCode: 0.005,
      formed: true,
      formingVoltage: 2.8,
      formingSpread: 0.2,
      formingVoltsPerDecade: 0.12,
      switchingVoltsPerDecade: 0.1,
      formingWidthNanoseconds: 1000,
    },
    defects: fewDefects,
    readout: {
      ...readout,
      microsiemensPerCode: 0.002,
      codes: 65_000,
      // A vector takes 20 of them.
      readRowMicroseconds: 52_000,
      pulseRowMicroseconds: 100,
      references: [],
      multiply: undefined,
    },
    array,
    firmware: {
      ...firmware,
      maxAmplitudeCode: 1400,
      minWidthNanoseconds: 1000,
      maxWidthNanoseconds: 1_000_000_000,
      maxTrailingNanoseconds: 0,
      verifyLoop: false,
      mostBurstCycles: 0,
      lineBytesPerSecond: 11_520,
      watchdogMicroseconds: Infinity,
    },
    takesItsTime: true,
  },
  /** Lithium ECRAM: 64 × 64 cells of two devices up to 20 µS. */
  "ecram-64": {
    name: "ecram-64",
    geometry: { tiles: 1, rows: 64, columns: 64, devicesPerCell: 2 },
    physics: lithiumEcram,
    defects: fewDefects,
    readout: {
      ...readout,
      microsiemensPerCode: 0.03,
      references: [0, 1, 2.5, 5, 7.5, 10, 12.5, 15, 17.5, 20, 22.5, 25, 28],
    },
    array,
    firmware: { ...firmware, microamperesPerCode: 0.001, maxAmplitudeCode: 32, verifyLoop: false },
  },
  /** A Keithley 2400 on RS-232 at its highest rate. */
  "keithley-2400": { ...oneDevice, instrument: { model: "2400", voltsPerCode: formedHafnia.voltsPerCode } },
  /** A Keithley 2450 on a network. */
  "keithley-2450": {
    ...oneDevice,
    instrument: { model: "2450", voltsPerCode: formedHafnia.voltsPerCode },
    firmware: { ...oneDevice.firmware, lineBytesPerSecond: 1_000_000 },
  },
  /** The same, with 64 devices behind a switch matrix. */
  "keithley-2450-8x8": {
    ...oneDevice,
    name: "smu-array-8",
    geometry: { tiles: 1, rows: 8, columns: 8, devicesPerCell: 1 },
    instrument: { model: "2450", voltsPerCode: formedHafnia.voltsPerCode, switch: true },
    firmware: { ...oneDevice.firmware, lineBytesPerSecond: 1_000_000 },
  },
  /** The devices of rram-128 in the socket of an ArC ONE, which reckons resistances: its steps are too fine to be seen. */
  "arc-one-32": {
    name: "arc-one-32",
    geometry: { tiles: 1, rows: 32, columns: 32, devicesPerCell: 1 },
    physics: formedHafnia,
    defects: fewDefects,
    readout: {
      ...readout,
      microsiemensPerCode: 0.0025,
      codes: 60_000,
      readRowMicroseconds: 500,
      pulseRowMicroseconds: 2500,
      references: [],
      multiply: undefined,
    },
    array,
    firmware: {
      ...firmware,
      maxAmplitudeCode: 2400,
      minWidthNanoseconds: 90,
      maxWidthNanoseconds: 10_000_000_000,
      maxTrailingNanoseconds: 0,
      verifyLoop: false,
      mostBurstCycles: 0,
      // Eleven bits a byte at 921,600 baud.
      lineBytesPerSecond: 921_600 / 11,
      watchdogMicroseconds: Infinity,
    },
  },
};

/** The dialect of a preset's board where none is named; undefined for the first of all, and for a name that is no preset. */
export function dialectOfPreset(name: string): string | undefined {
  return Object.hasOwn(presets, name) ? presets[name]!.dialect : undefined;
}

export const presetNames: readonly string[] = Object.keys(presets);

/** The chips that they are: instruments may be in front of the same one. */
export const chipNames: readonly string[] = [...new Set(Object.values(presets).map(({ name }) => name))];

/** What may be chosen for any preset. */
export interface Conditions {
  readonly tiles?: number | undefined;
  /** How its devices are born: docs/emulator.md. Births of another technology change nothing. */
  readonly births?: Births | undefined;
  readonly temperatureCelsius?: number | undefined;
  /** Up and down about it, once a day. */
  readonly swingCelsius?: number | undefined;
  /** Stays in an oven. */
  readonly bakes?: readonly Bake[] | undefined;
  /** `none`: the board does not measure its temperature. */
  readonly sensor?: "usual" | "none" | undefined;
  /** Share of the way to the top that one read moves a device. */
  readonly readDisturb?: number | undefined;
  /** Share of it that a pulse moves the other devices of its column. */
  readonly halfSelectDisturb?: number | undefined;
  /** Pulses after which a device's thresholds and its drift have clearly moved. */
  readonly cyclingPulses?: number | undefined;
  readonly wireOhmsPerCell?: number | undefined;
  /** `worn`: converters of each tile lie off by an offset, a gain and a bend of their own. */
  readonly converter?: "ideal" | "worn" | undefined;
  /** A board that goes from device to device: each takes so long, in a read and in a pulse. */
  readonly deviceMilliseconds?: number | undefined;
}

/** Of converters that nobody has calibrated. */
const wornConverter = { offsetSpreadCodes: 4, gainSpread: 0.02, nonLinearity: 0.004 };

/** @returns undefined for a name that is no preset. */
export function findPreset(name: string, conditions: Conditions = {}): Preset | undefined {
  const preset = Object.hasOwn(presets, name) ? presets[name]! : undefined;
  if (preset === undefined) return undefined;
  const {
    tiles,
    births = "usual",
    temperatureCelsius,
    swingCelsius,
    wireOhmsPerCell,
    converter,
  } = conditions;
  const { deviceMilliseconds, sensor, readDisturb, halfSelectDisturb, cyclingPulses = 0, bakes } = conditions;
  const isUnsensed = births === "unsensed";
  const { geometry, physics, array: effects } = preset;
  const { temperature } = effects;
  const converters = converter === "worn" ? { ...preset.readout, ...wornConverter } : preset.readout;
  return {
    ...preset,
    takesItsTime: deviceMilliseconds !== undefined || preset.takesItsTime === true,
    variant: variantOf(conditions),
    geometry: { ...geometry, tiles: tiles ?? geometry.tiles },
    physics: { ...bornAs(physics, births), cyclingPulses },
    defects: births === "sound" ? noDefects : births === "mortal" ? mortal(preset.defects) : preset.defects,
    readout: deviceMilliseconds === undefined ? converters : slow(converters, geometry, deviceMilliseconds),
    array: {
      ...effects,
      wireOhmsPerCell: wireOhmsPerCell ?? effects.wireOhmsPerCell,
      readDisturb: readDisturb ?? effects.readDisturb,
      halfSelectDisturb: halfSelectDisturb ?? effects.halfSelectDisturb,
      temperature: {
        ...temperature,
        meanCelsius: temperatureCelsius ?? temperature.meanCelsius,
        swingCelsius: swingCelsius ?? (isUnsensed ? 2 : temperature.swingCelsius),
        bakes: bakes ?? [],
        isSensed: sensor === undefined ? !isUnsensed : sensor !== "none",
      },
    },
  };
}

/** Every device that is not born wrong wears out: after 3,000 cycles of SET and RESET in the median. */
function mortal(defects: Defects): Defects {
  return { ...defects, weak: 1, weakEndurance: 6000 };
}

function slow(readout: Readout, { columns, devicesPerCell }: ChipGeometry, milliseconds: number): Readout {
  const row = Math.round(1000 * milliseconds * columns * devicesPerCell);
  return { ...readout, readRowMicroseconds: row, pulseRowMicroseconds: row };
}

function variantOf(conditions: Conditions): string {
  const {
    deviceMilliseconds,
    sensor,
    readDisturb,
    halfSelectDisturb,
    cyclingPulses,
    bakes = [],
  } = conditions;
  const { births, temperatureCelsius, swingCelsius, wireOhmsPerCell, converter } = conditions;
  const parts = [
    births === "usual" ? undefined : births,
    temperatureCelsius === undefined ? undefined : `at${temperatureCelsius}`,
    swingCelsius === undefined ? undefined : `swing${swingCelsius}`,
    ...bakes.map(bakeText),
    sensor === "none" ? "sensorless" : undefined,
    wireOhmsPerCell === undefined ? undefined : `wires${wireOhmsPerCell}`,
    readDisturb === undefined ? undefined : `read${readDisturb}`,
    halfSelectDisturb === undefined ? undefined : `half${halfSelectDisturb}`,
    cyclingPulses === undefined ? undefined : `cycling${cyclingPulses}`,
    converter === "worn" ? converter : undefined,
    deviceMilliseconds === undefined ? undefined : `slow${deviceMilliseconds}`,
  ];
  return parts.filter((part) => part !== undefined).join("-");
}

function bakeText({ celsius, fromMicroseconds, toMicroseconds }: Bake): string {
  const seconds = (time: Microseconds): number => time / microsecondsPerSecond;
  return `bake${celsius}for${seconds(toMicroseconds - fromMicroseconds)}at${seconds(fromMicroseconds)}`;
}

/** Names of births that devices of a technology may have. */
export function birthsOf(technology: Physics["technology"]): readonly Births[] {
  return birthKinds[technology].names;
}

/** Names of births that devices of a preset may have; all that there are for a name that is no preset. */
export function birthsOfPreset(name: string): readonly Births[] {
  if (Object.hasOwn(presets, name)) return birthsOf(presets[name]!.physics.technology);
  return [...new Set(Object.values(birthKinds).flatMap(({ names }): readonly Births[] => names))];
}

function bornAs<P extends Physics>(physics: P, births: Births): P {
  const { bornAs: born } = birthKinds[physics.technology] as { bornAs: (laws: P, births: Births) => P };
  return born(physics, births);
}

export function pcm64(tiles: number): Preset {
  return findPreset("pcm-64", { tiles })!;
}
