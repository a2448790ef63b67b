import { jobs, seriesResistors } from "../../protocols/arcOne/jobs.ts";
import { numberToken } from "../../protocols/arcOne/tokens.ts";

/** What the driver asks of the board: the tokens, and how many numbers come back. */
export interface ArcOneRequest {
  readonly what: string;
  readonly tokens: readonly string[];
  readonly floats: number;
}

const linearWidths = 1;

/** Words 1 … `words` as a whole, word by word. */
export function readAll(words: number, bits: number): ArcOneRequest {
  return {
    what: `read of words 1 to ${words}`,
    tokens: [jobs.readMany, ...[1, words, bits].map(numberToken)],
    floats: words * bits,
  };
}

/**
 * One device. The board can read a list of devices as well, but where a token of such a list is lost the rest of it is taken for jobs, and
 * the words and bits 3 5 4 5 5 for a pulse of 5 V for 5 s. No token that this driver sends can become one.
 */
export function readOne(word: number, bit: number): ArcOneRequest {
  return {
    what: `read of word ${word}, bit ${bit}`,
    tokens: [jobs.readOne, ...[word, bit].map(numberToken)],
    floats: 1,
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
    const tokens = [jobs.pulseAndRead, wordToken(word), ...[bit, volts, seconds].map(numberToken)];
    return { what, tokens, floats: 1 };
  }
  // Steps are as large as what they add to, so that a lost token makes no pulse higher or longer. No resistance is below 0 Ω: it is
  // never over before its one pulse.
  const step = [volts, volts, volts, seconds, seconds, seconds, 0, 0, 0, linearWidths];
  const tokens = [jobs.formFinder, ...[...step, series, 1, 1, word, bit].map(numberToken)];
  return { what, tokens, floats: 6 };
}

/**
 * The word of a pulse. Where the name of the job is lost, the board takes the word for one: 1 would be a read, which is answered as the pulse
 * is. 01 is a job without an answer, so that the loss is noticed.
 */
function wordToken(word: number): string {
  return word === 1 ? jobs.setRead : numberToken(word);
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
