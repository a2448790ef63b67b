import type { RunEvent } from "../src/run/events.ts";
import type { RunId } from "../src/run/store.ts";

/** What the library tells of its work. `--json` prints it as it is; docs/events.md lists every field. */
export type BenchEvent = RunEvent | ChipEvent | WarningEvent | TranslationEvent | TrimEvent | DemoEvent;

/** A chip was opened and named itself. */
export interface ChipEvent {
  readonly type: "chip";
  readonly name: string;
  readonly serial_number: string;
  readonly firmware: string;
  readonly boot: number;
  readonly port: string;
}

/** Something to know before a figure is believed. */
export interface WarningEvent {
  readonly type: "warning";
  readonly code: "model_not_believed" | "chip_file_differs" | "plain_http";
  /** For a person. */
  readonly message: string;
}

export type TranslationEvent =
  | { readonly type: "translating"; readonly model: string; readonly layers: readonly string[] }
  | {
      readonly type: "layer";
      readonly name: string;
      /** Of a strategy with curves for each tile. */
      readonly tile: number | null;
      readonly significance: readonly number[];
      readonly scale_microsiemens_per_unit: number;
      readonly tnmse: number;
      readonly rms_percent_by_time: readonly number[];
    };

/** What a correction is expected to win; the run that carries it out follows. */
export interface TrimEvent {
  readonly type: "trim_planned";
  readonly corrects: RunId;
  readonly devices_to_trim: number;
  /** TNMSE: 100 × mean square over the square of the largest weight. */
  readonly expected_before: number;
  readonly expected_after: number;
  readonly later: readonly { readonly age_seconds: number; readonly expected_after: number }[];
}

export type DemoEvent =
  | { readonly type: "chapter"; readonly number: number; readonly title: string }
  /** What is left of a few conductances after a day, by two models. */
  | {
      readonly type: "model_compared";
      readonly conductance_microsiemens: readonly number[];
      readonly models: readonly { readonly name: string; readonly left_percent: readonly number[] }[];
      readonly believed: boolean;
      readonly failed_checks: readonly string[];
    }
  | { readonly type: "corrected"; readonly devices: readonly number[] };

/** On every event: wall time (ISO 8601), its number within this process, and the version of the schema. */
export interface Stamp {
  readonly time: string;
  readonly seq: number;
  readonly version: typeof eventVersion;
}

export const eventVersion = 1;

export type StampedEvent<E extends { readonly type: string } = BenchEvent> = E & Stamp;

/** Numbers and dates events, in the order in which they happen. */
export class EventStream {
  readonly #listener: (event: StampedEvent<{ type: string }>) => void;
  readonly #wallTime: () => string;
  #seq = 0;

  constructor(listener: (event: StampedEvent<{ type: string }>) => void, wallTime: () => string) {
    this.#listener = listener;
    this.#wallTime = wallTime;
  }

  emit<E extends { readonly type: string }>(event: E): void {
    const { type, ...rest } = event;
    const stamp = { time: this.#wallTime(), seq: this.#seq++, version: eventVersion };
    this.#listener({ type, ...stamp, ...rest } as StampedEvent<E>);
  }
}
