import type { DriftLine } from "./driftLines.ts";
import { leastShare } from "./driftLines.ts";

/** What devices of a lot are compared by. */
export const lotQuantities = [
  {
    name: "drift_exponent",
    title: "drift exponent ν",
    unit: "",
    digits: 4,
    of: (line: DriftLine): number => line.exponent,
  },
  {
    name: "programming_error",
    title: "conductance − target",
    unit: "µS",
    digits: 3,
    of: (line: DriftLine, target: number): number => line.conductanceMicrosiemens - target,
  },
] as const;

export type LotQuantityName = (typeof lotQuantities)[number]["name"];

/** Bins of conductance between the least share of the range and all of it. */
export const lotBins = 12;

/**
 * Sums over the devices of one tile in one bin: all that the laws of a lot need of them. Those of the same tile and bin add up, so benches may
 * count their own, and a table of them may be kept.
 */
export interface LotSum {
  /** Name and serial number. */
  readonly chip: string;
  readonly tile: number;
  readonly quantity: LotQuantityName;
  readonly bin: number;
  readonly devices: number;
  readonly sum: number;
  readonly squares: number;
  /** Of squared standard errors: how much of the spread is the lines' own. 0 where it is not known. */
  readonly noise: number;
}

/** The bin of a conductance; undefined outside of all. */
export function lotBinOf(conductance: number, max: number): number | undefined {
  const bin = Math.floor((lotBins * (conductance / max - leastShare)) / (1 - leastShare));
  return bin >= 0 && bin < lotBins ? bin : undefined;
}

/** The middle of a bin, µS. */
export function lotBinMiddle(bin: number, max: number): number {
  return max * (leastShare + ((1 - leastShare) * (bin + 0.5)) / lotBins);
}

/** Collects the sums of one chip. */
export class LotSums {
  readonly #chip: string;
  readonly #max: number;
  readonly #sums = new Map<string, Mutable<LotSum>>();

  /** @param max  the chip's range, µS. */
  constructor(chip: string, max: number) {
    this.#chip = chip;
    this.#max = max;
  }

  /** @param target  µS; NaN where there was none. */
  add(tile: number, line: DriftLine, target: number): void {
    const bin = lotBinOf(line.conductanceMicrosiemens, this.#max);
    if (bin === undefined) return;
    for (const { name, of } of lotQuantities) {
      const value = of(line, target);
      if (!Number.isFinite(value)) continue;
      const key = `${tile} ${name} ${bin}`;
      const sum = this.#sums.get(key) ?? { ...nothing, chip: this.#chip, tile, quantity: name, bin };
      sum.devices++;
      sum.sum += value;
      sum.squares += value * value;
      if (name === "drift_exponent") sum.noise += line.exponentError * line.exponentError;
      this.#sums.set(key, sum);
    }
  }

  sums(): readonly LotSum[] {
    return [...this.#sums.values()];
  }
}

const nothing = { devices: 0, sum: 0, squares: 0, noise: 0 };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
