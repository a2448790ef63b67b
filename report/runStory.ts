import type { PowerLaw } from "../src/model/powerLaw.ts";
import type { Strategy } from "../src/optimize/strategy.ts";
import type { ConvergenceKind, ConvergencePoint } from "../src/results/convergence.ts";
import type { ExponentBin } from "../src/results/deviceExponents.ts";
import type { DriftBand } from "../src/results/driftBands.ts";
import type { ErrorsAtTime } from "../src/results/errorSpread.ts";
import type { LinkQuality } from "../src/results/linkQuality.ts";
import type { NetworkMeasure } from "../src/results/networkMeasure.ts";
import type { RunSummary } from "../src/run/store.ts";
import type { Celsius, Seconds } from "../src/units.ts";
import type { ConductanceMap, Contender } from "./story.ts";

/** All that the report of one run shows: plain data, measured and put together elsewhere. */
export interface RunStory {
  readonly title: string;
  readonly chipText: string;
  readonly softwareVersion: string;
  /** The run whose devices it corrects. */
  readonly corrects: string | undefined;
  /** Of such a run: its pulses and yield together with those of the runs that it corrects, a sentence. */
  readonly chain?: string | undefined;
  readonly outcome: RunSummary["outcome"];
  /** Of what another tester measured: by which mapping its files were read. How devices were programmed is then not known. */
  readonly imported?: { readonly mapping: string } | undefined;
  /** Wall time, ISO 8601. */
  readonly startedAt: string;
  readonly yieldPercent: number | undefined;
  readonly contender: Contender;
  /** The fullest tile, as meant and as it was read first; undefined where it never was. */
  readonly map: ConductanceMap | undefined;
  /** Of a network over several chips: the fullest tile of each other chip. */
  readonly otherMaps?: readonly ConductanceMap[] | undefined;
  /** Of such a network: what each chip holds, and at which ages only some of them were read; a sentence each. */
  readonly chips?: readonly string[] | undefined;
  /** Ascending in time; of a run without a sweep, what was read last while it was programmed. */
  readonly errors: readonly ErrorsAtTime[];
  readonly convergence: { readonly kind: ConvergenceKind; readonly points: readonly ConvergencePoint[] };
  /** Of the tile of the map. */
  readonly drift: readonly DriftBand[];
  readonly exponents: readonly ExponentBin[];
  /** Undefined where neither the run's model nor a given one says anything of exponents. */
  readonly law: DriftLaw | undefined;
  /** Of the network that the run's weights are of, where it was named. */
  readonly accuracy: RunAccuracy | undefined;
  readonly link: LinkQuality;
  readonly temperature: readonly { readonly seconds: Seconds; readonly celsius: Celsius }[];
  readonly notes: readonly string[];
  /** How what was foretold of its weights came out, a sentence each. */
  readonly forecasts: readonly string[];
  /** What the run was programmed from, where that was given. */
  readonly strategy: Strategy | undefined;
}

/** What a network is worth with the weights that the run's tiles held. */
export interface RunAccuracy {
  readonly network: string;
  readonly measure: NetworkMeasure;
  /** Images, or inputs without labels. */
  readonly inputs: number;
  /** By the measure. */
  readonly softwareScore: number;
  /** Ascending in time. */
  readonly points: readonly {
    readonly timeSeconds: Seconds;
    readonly score: number;
    readonly worstTenth?: number | undefined;
  }[];
  /** Of the network, and those of them that the run holds. */
  readonly layers: number;
  readonly layersHeld: number;
}

/** By which law the devices are held to drift. */
export interface DriftLaw {
  readonly law: PowerLaw;
  /** Age at which drift sets in. */
  readonly onsetSeconds: Seconds;
  /** Whether it was fitted to measurements. */
  readonly fitted: boolean;
  /** What was believed before it. */
  readonly before: PowerLaw | undefined;
}
