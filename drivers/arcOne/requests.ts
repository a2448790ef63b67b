import { jobs, seriesResistors } from "../../protocols/arcOne/jobs.ts";
import { numberToken } from "../../protocols/arcOne/tokens.ts";

/** What the driver asks of the board: the tokens, and how many numbers come back. */
export interface ArcOneRequest {
  readonly what: string;
  readonly tokens: readonly string[];
  readonly floats: number;
}

/** Words 1 … `words` as a whole, word by word. */
export function readAll(words: number, bits: number): ArcOneRequest {
  return {
    what: `read of words 1 to ${words}`,
    tokens: [jobs.readMany, ...[1, words, bits].map(numberToken)],
    floats: words * bits,
  };
}

/** One word, bit by bit. */
export function readWord(word: number, bits: number): ArcOneRequest {
  const devices = Array.from({ length: bits }, (_, bit) => [word, bit + 1]);
  return {
    what: `read of word ${word}`,
    tokens: [jobs.readMany, ...[2, bits, bits, bits, ...devices.flat()].map(numberToken)],
    floats: bits,
  };
}

/**
 * A pulse and the reading after it. Under a series resistor it is a FormFinder of one pulse, which answers (Ω, V, s) and zeros.
 *
 * @param series  code of the resistor; undefined for none.
 */
export function pulse(
  word: number,
  bit: number,
  volts: number,
  seconds: number,
  series: number | undefined,
): ArcOneRequest {
  const what = `pulse of word ${word}, bit ${bit}`;
  if (series === undefined) {
    const tokens = [jobs.pulseAndRead, ...[word, bit, volts, seconds].map(numberToken)];
    return { what, tokens, floats: 1 };
  }
  const oneStep = [volts, 1, volts, seconds, 100, seconds, 0];
  // Never over before its one pulse: no resistance is below 0 Ω.
  const tokens = [jobs.formFinder, ...[...oneStep, 0, 0, 0, series, 1, 1, word, bit].map(numberToken)];
  return { what, tokens, floats: 6 };
}

/**
 * The resistor that keeps a device to a compliance, as a gate would: the largest conductance that is not above it.
 *
 * @param microsiemens  0 for no resistor.
 * @returns its code; `none` for none, and undefined where no resistor is small enough.
 */
export function seriesFor(microsiemens: number): number | "none" | undefined {
  if (microsiemens === 0) return "none";
  return seriesResistors.findLast((resistor) => resistor.microsiemens <= microsiemens)?.code;
}
