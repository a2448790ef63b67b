import type { Nanoseconds } from "../../src/units.ts";

/** One source-measure unit in the words of its series. Every message ends with a question, and has one line for an answer. */
export interface SmuModel {
  /** As people call it: `Keithley 2400`. */
  readonly title: string;
  /** What stands in its answer to `*IDN?`. */
  readonly pattern: RegExp;
  /** The question for the language that it is set to, where it speaks several. */
  readonly asksLanguage: boolean;
  /** How long a level of a sweep lasts beside its source delay: a measurement of 0.01 power line cycles. */
  readonly cycleNanoseconds: Nanoseconds;
  /** Widths of pulses: the least, and their step. */
  readonly shortestNanoseconds: Nanoseconds;
  readonly stepNanoseconds: Nanoseconds;
  readonly mostVolts: number;
  readonly mostAverages: number;
  /** What brings it from any state to 0 V with its output off, sourcing volts and measuring amperes. */
  setUp(mostVolts: number): readonly string[];
  forReads(averages: number, powerLineCycles: number): string;
  readonly forPulses: string;
  /** A level with the output on. The limit stands before it. */
  hold(volts: number, limitAmperes: number): string;
  readonly readQuestions: readonly string[];
  /** @returns undefined for what is no such answer. */
  reading(answers: readonly string[], volts: number): Measured | undefined;
  /** Readies a level and 0 V after it, with nothing at the terminals yet. The limit stands before the output is on. */
  arm(volts: number, limitAmperes: number, delaySeconds: number): readonly string[];
  /** Fires what is readied. Its answer comes when it is over. */
  readonly fire: string;
  /** Whether the answer is that of a pulse that was given. */
  hasFired(answer: string): boolean;
  readonly rest: string;
  /** Whatever it is busy with: output off, then 0 V. It answers 0. */
  readonly off: string;
}

export interface Measured {
  readonly volts: number;
  readonly amperes: number;
  /** Whether the current limit held, or the range ended. */
  readonly isLimited: boolean;
}

/** On a line of its own: an instrument does not carry out what follows a mistake in its line. */
const errors = "\n:SYST:ERR?";

/** RS-232, and LAN or USB by adapters. Its sweeps end on their last level with the output on. */
const series2400: SmuModel = {
  title: "Keithley 2400",
  pattern: /MODEL 24(00|01|10|20|25|30|40)\b/,
  asksLanguage: false,
  cycleNanoseconds: 1_000_000,
  shortestNanoseconds: 1_000_000,
  stepNanoseconds: 100_000,
  mostVolts: 20,
  mostAverages: 100,
  setUp: (mostVolts) => [
    `*CLS;:OUTP OFF;:SOUR:FUNC VOLT;:SOUR:VOLT:MODE FIX${errors}`,
    `:SOUR:VOLT:RANG ${mostVolts};:SOUR:VOLT 0;:SOUR:DEL 0${errors}`,
    `:SOUR:CLE:AUTO OFF;:ARM:COUN 1;:TRIG:COUN 1${errors}`,
    `:SENS:FUNC 'CURR';:FORM:ELEM VOLT,CURR,STAT${errors}`,
  ],
  forReads: (averages, cycles) =>
    `:SENS:CURR:NPLC ${cycles};:SENS:CURR:RANG:AUTO ON;${averaging(":SENS:AVER", averages)}${errors}`,
  forPulses: `:SENS:CURR:NPLC 0.01;:SENS:AVER OFF${errors}`,
  hold: (volts, limit) =>
    `:SOUR:VOLT:MODE FIX;:SENS:CURR:PROT ${decimal(limit)};:SOUR:VOLT ${decimal(volts)};:OUTP ON${errors}`,
  readQuestions: [":READ?"],
  reading([answer = ""]) {
    const [volts, amperes, status] = numbers(answer, 3) ?? [];
    if (volts === undefined || amperes === undefined || status === undefined) return undefined;
    return { volts, amperes, isLimited: (status & (overflow | inCompliance)) !== 0 };
  },
  arm: (volts, limit, delaySeconds) => [
    `:SOUR:VOLT:MODE FIX;:SOUR:VOLT 0;:SENS:CURR:PROT ${decimal(limit)};:SENS:CURR:RANG ${decimal(limit)}${errors}`,
    `:SOUR:DEL ${decimal(delaySeconds)};:SOUR:LIST:VOLT ${decimal(volts)},0;:TRIG:COUN 2${errors}`,
    `:OUTP ON;:SOUR:VOLT:MODE LIST${errors}`,
  ],
  fire: ":READ?",
  hasFired: (answer) => numbers(answer, 6) !== undefined,
  rest: `:SOUR:VOLT:MODE FIX;:SOUR:VOLT 0;:TRIG:COUN 1;:SOUR:DEL 0${errors}`,
  off: ":ABOR\n:OUTP OFF\n:SOUR:VOLT:MODE FIX;:SOUR:VOLT 0\n:OUTP?",
};

/** LAN or USB. Its sweeps switch the output on at their beginning, and off at their end. */
const series2450: SmuModel = {
  title: "Keithley 2450",
  pattern: /MODEL 24(50|60|70)\b/,
  asksLanguage: true,
  cycleNanoseconds: 500_000,
  shortestNanoseconds: 1_000_000,
  stepNanoseconds: 1000,
  mostVolts: 20,
  mostAverages: 100,
  setUp: (mostVolts) => [
    `*CLS;:ABOR;:OUTP OFF;:SOUR:FUNC VOLT;:SOUR:VOLT 0${errors}`,
    `:SENS:FUNC "CURR";:SOUR:VOLT:RANG ${mostVolts}${errors}`,
  ],
  forReads: (averages, cycles) =>
    `:SENS:CURR:NPLC ${cycles};:SENS:CURR:RANG:AUTO ON;${averaging(":SENS:CURR:AVER", averages)}${errors}`,
  forPulses: `:SENS:CURR:NPLC 0.01;:SENS:CURR:AVER OFF${errors}`,
  hold: (volts, limit) => `:SOUR:VOLT:ILIM ${decimal(limit)};:SOUR:VOLT ${decimal(volts)};:OUTP ON${errors}`,
  readQuestions: [":READ?", ":SOUR:VOLT:ILIM:TRIP?"],
  reading([current = "", tripped = ""], volts) {
    const [amperes] = numbers(current, 1) ?? [];
    if (amperes === undefined || !/^[01]$/.test(tripped.trim())) return undefined;
    return { volts, amperes, isLimited: tripped.trim() === "1" || Math.abs(amperes) > 1e30 };
  },
  arm: (volts, limit, delaySeconds) => [
    `:SOUR:VOLT 0;:SOUR:VOLT:ILIM ${decimal(limit)};:SENS:CURR:RANG ${decimal(limit)}${errors}`,
    `:TRAC:CLE "defbuffer1";:SOUR:LIST:VOLT ${decimal(volts)},0;:SOUR:SWE:VOLT:LIST 1,${decimal(delaySeconds)}${errors}`,
  ],
  fire: ':INIT;*WAI;:TRAC:DATA? 1,2,"defbuffer1",SOUR,READ',
  hasFired: (answer) => numbers(answer, 4) !== undefined,
  rest: `:SOUR:VOLT 0${errors}`,
  off: ":ABOR\n:OUTP OFF\n:SOUR:VOLT 0\n:OUTP?",
};

/** The only list of instruments that the driver knows. */
export const smuModels: readonly SmuModel[] = [series2400, series2450];

/** Bits of a 2400's status. */
const overflow = 1;
const inCompliance = 1 << 3;

function averaging(words: string, averages: number): string {
  return averages === 1 ? `${words} OFF` : `${words}:TCON REP;${words}:COUN ${averages};${words} ON`;
}

/** So many numbers, parted by commas. */
function numbers(answer: string, count: number): number[] | undefined {
  const parts = answer.split(",");
  const good =
    parts.length === count && parts.every((part) => /^\s*[+-]?\d+(\.\d*)?(E[+-]?\d+)?\s*$/i.test(part));
  return good ? parts.map(Number) : undefined;
}

/** Short, and as every instrument reads it. */
function decimal(value: number): string {
  return String(Number(value.toPrecision(7)));
}
