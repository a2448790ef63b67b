import type { ChipDescription } from "../chip/description.ts";
import type { ChipCapabilities } from "../chip/driver.ts";
import type { ProgrammingMethod } from "../program/method.ts";
import type { SweepRecord, TurnRecord } from "../run/journal.ts";
import type { RunPlan } from "../run/plan.ts";

/**
 * A measurement of devices: a method that the engine carries out as it does any other (`begin` and `next` decide for a block, and never
 * act), with settings, and a judge that makes findings of what the journal holds. Whatever is measured can therefore be judged anew.
 */
export interface Procedure<State = unknown> extends Pick<
  ProgrammingMethod<State>,
  "begin" | "next" | "technologies"
> {
  /** As the command line has it: `form`. */
  readonly name: string;
  /** One line, for help and documentation. */
  readonly does: string;
  readonly settings: readonly Setting[];
  /** Which devices are measured where none are named: the first of each of the first rows. All where not given. */
  readonly usual?: { readonly rows: number; readonly devices: number };
  /** Whether it may pulse devices that were never formed. */
  readonly pulsesPristine?: true;
  /** What a device may be given at most, with such settings. */
  pulses(settings: Settings, chip: ChipDescription): number;
  /** Without so many a device cannot be measured at all, and why; no such least where not given. */
  readonly leastPulses?: (settings: Settings) => { readonly pulses: number; readonly why: string };
  /**
   * Why it cannot be done on a chip of its technologies, with such settings or in so many rows, and what to do; undefined where it can.
   * A run that goes on is asked without settings and rows: it was let begin.
   */
  requires?(
    chip: ChipDescription,
    capabilities: ChipCapabilities,
    settings?: Settings,
    rows?: number,
  ): string | undefined;
  /** @param measured  what the journal holds, oldest first; of a run that was stopped too. */
  judge(measured: Measured): Findings;
}

/** A number that a procedure can be given. */
export interface Setting {
  readonly name: string;
  /** As in `V`, `ns` or `µS`; empty for a plain number. */
  readonly unit: string;
  readonly meaning: string;
  readonly least: number;
  readonly most: number;
  readonly whole?: true;
  /** Where none is given. */
  readonly usual: (chip: ChipDescription) => number;
}

export type Settings = Readonly<Record<string, number>>;

export interface Measured {
  readonly plan: RunPlan;
  readonly chip: ChipDescription;
  readonly settings: Settings;
  readonly turns: readonly TurnRecord[];
  readonly sweeps: readonly SweepRecord[];
}

/** What was found: the same shape for every procedure, so that page, table and command need to know none of them. */
export interface Findings {
  /** The result in numbers. */
  readonly figures: readonly Figure[];
  /** Devices by how they ended. */
  readonly counts: readonly { readonly name: string; readonly devices: number; readonly meaning: string }[];
  /** The devices that were measured: their tile, row and place in the row. */
  readonly places: readonly Place[];
  /** A number for each of them; NaN where it is not known. */
  readonly columns: readonly FindingColumn[];
  readonly curves: readonly Curves[];
}

export interface Place {
  readonly tile: number;
  readonly row: number;
  readonly device: number;
}

export interface Figure {
  /** In small letters with underscores, its unit at the end: `forming_mean_volts`. */
  readonly name: string;
  readonly unit: string;
  readonly meaning: string;
  readonly value: number;
  /** The ends of an interval of 95 %, where there is one. */
  readonly low?: number;
  readonly high?: number;
}

export interface FindingColumn {
  readonly name: string;
  readonly unit: string;
  readonly meaning: string;
  readonly values: Float64Array;
  /** Whether the page shows where on the tile its numbers are. */
  readonly mapped?: true;
}

/** A picture: lines over two axes. */
export interface Curves {
  readonly name: string;
  readonly title: string;
  readonly sentence: string;
  readonly x: {
    readonly name: string;
    readonly unit: string;
    readonly logarithmic?: boolean;
    /** Of an axis that does not begin at zero: so much it shows at least. */
    readonly leastRange?: number;
  };
  readonly y: { readonly name: string; readonly unit: string; readonly logarithmic?: boolean };
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly {
      readonly x: number;
      readonly y: number;
      readonly low?: number;
      readonly high?: number;
    }[];
    readonly dots?: boolean;
  }[];
}

/** The settings as given, the usual ones for the rest. Settings that a procedure does not have were refused before. */
export function settingsOf(
  procedure: Pick<Procedure, "settings">,
  given: Settings,
  chip: ChipDescription,
): Settings {
  return Object.fromEntries(
    procedure.settings.map((setting) => [setting.name, given[setting.name] ?? setting.usual(chip)]),
  );
}

/** The procedure as the engine and the readers of a run know it. */
export function methodOfProcedure(procedure: Procedure): ProgrammingMethod {
  const { does, technologies } = procedure;
  return {
    name: methodNameOf(procedure),
    unlisted: true,
    does,
    technologies,
    needsCells: false,
    keepsTargets: false,
    looksBack: true,
    cost: { pulses: 8, idlePulses: 8, turns: 12, most: Infinity },
    requires: (chip, capabilities) => procedure.requires?.(chip, capabilities),
    begin: (task, model) => procedure.begin(task, model),
    next: (state, seen) => procedure.next(state, seen),
  };
}

/** As plans name it: a procedure may share its name with a method of programming. */
export function methodNameOf({ name }: Pick<Procedure, "name">): string {
  return `${prefix}${name}`;
}

const prefix = "measure-";

/** Whether a method, as plans name it, is a measurement. */
export function isMeasurement(method: string): boolean {
  return method.startsWith(prefix);
}
