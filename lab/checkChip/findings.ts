import type { BoardTrials, Refused, Tried, TriedPulse } from "../../drivers/boardTrials.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import type { ChipIdentity } from "../../src/chip/driver.ts";
import { devicesPerRow } from "../../src/chip/geometry.ts";
import type { Microseconds } from "../../src/units.ts";

/** What a board or a description is tried for, in this order. */
export const steps = [
  "file",
  "hello",
  "description",
  "session",
  "errors",
  "check",
  "repeat",
  "read",
  "time",
  "averages",
  "geometry",
  "limits",
  "tickets",
  "abort",
  "standby",
  "order",
  "amplitude",
  "watchdog",
  "opening",
  "not asked",
  "left out",
] as const;

export type Step = (typeof steps)[number];

/** `fault`: to be mended. `note`: to be known; it works. `not tried`: nothing is known of it. */
export type Verdict = "good" | "fault" | "note" | "not tried";

export interface Finding {
  readonly step: Step;
  readonly verdict: Verdict;
  /** One sentence; of a fault, with its remedy. */
  readonly text: string;
}

export interface DevicePlace {
  readonly tile: number;
  readonly row: number;
  /** Column × devices a cell + device. */
  readonly device: number;
}

/** A board under trial, and what is known of it so far. */
export interface Trial {
  readonly board: BoardTrials;
  readonly identity: ChipIdentity;
  /** By the board itself or by a file; undefined where there is none. */
  readonly description: ChipDescription | undefined;
  /** Whether the board gave that description, and so has to keep its limits. */
  readonly isBoards: boolean;
  /** Answers that the board says it keeps, where it says so. */
  readonly answersKept?: number | undefined;
  /** Where reads and rows of zeros are tried. */
  readonly place: { readonly tile: number; readonly row: number };
  readonly say: (step: Step, verdict: Verdict, text: string) => void;
  readonly sleep: (duration: Microseconds) => Promise<void>;
  readonly now: () => Microseconds;
}

/** A fault's sentence, what the fault does to a run, and the place where the dialect's page has the rule. */
export function withPlace({ promises }: BoardTrials, step: Step, text: string): string {
  const { page, sections, usualSection } = promises;
  const harm = harms[step];
  const said = harm === undefined || text.includes(inRun) ? text : `${text}${inRun}${harm}.`;
  return `${said.replace(/\.$/, "")} (${page}, "${sections[step] ?? usualSection}").`;
}

const inRun = " In a run, ";

/** What faults do to a run, by their step. A sentence that says its own says it in these words. */
const harms: Partial<Record<Step, string>> = {
  hello: "nothing happens: it does not begin",
  description: "mho would aim, limit and time pulses by other numbers than the board's",
  session: "answers to another program, or to one that ended, are taken for its own",
  errors: "a refusal looks like a lost line: mho asks again, gives up and never learns why",
  check: "a pulse that the line damaged fires with another amplitude or at another device",
  repeat: "a request whose answer was lost is carried out twice, or is never answered",
  read: "every conductance is wrong or missing, and so is every verdict and every next pulse",
  time: "devices have a wrong age, so drift is corrected and fitted wrongly",
  averages: "reads scatter more than mho reckons, so devices are pulsed for noise and models fit it",
  geometry: "a wrong address reads or pulses other devices, and nothing shows it",
  tickets: "mho cannot tell whether a pulse fired",
  limits: "an order that is wrong reaches the devices, and may destroy them",
  abort: "mho standby and a stop come too late for pulses that are on the line",
  standby: "devices stay under voltage after a stop, and orders of a run that was stopped still act",
  order: "pulses reach other devices than those that are read, and nothing converges",
  amplitude: "one wrong order destroys devices",
  watchdog: "devices stay under voltage when the computer fails or the cable is pulled",
};

/** What a board did, as the end of a sentence. */
export function did(tried: Tried<unknown>): string {
  if (tried.kind === "answered") return "was answered";
  if (tried.kind === "silent") return "was not answered";
  return tried.kind === "refused" ? `was refused with ${tried.text}` : `was answered with ${tried.what}`;
}

/** Judges a request that a board has to refuse. @returns whether it did. */
export function mustRefuse(
  { say }: Pick<Trial, "say">,
  step: Step,
  tried: Tried<unknown>,
  {
    what,
    why,
    by,
    mend,
  }: {
    /** The request, as the subject of a sentence. */
    readonly what: string;
    readonly why: Refused;
    /** How it is to be refused. */
    readonly by: string;
    /** The remedy, as a sentence's end. */
    readonly mend: string;
  },
): boolean {
  if (tried.kind === "refused" && tried.why === why) return true;
  if (tried.kind === "answered") say(step, "fault", `${what} was carried out: ${mend}.`);
  else say(step, "fault", `${what} ${did(tried)}: refuse it with ${by}.`);
  return false;
}

/** How limits, standby and the like are refused, in words that hold in both dialects. */
export const refusals = {
  limit: "the error for a limit (packet 5, SCPI -222)",
  standby: "the error for standby (packet 4, SCPI -221)",
  stale: "error 6, a stale ticket",
  calledOff: "error 8 (called off)",
} as const;

/** A row of zeros: it touches no device. Its shape is within the limits. */
export function zeroRow(
  { identity, description, place }: Trial,
  change: Partial<TriedPulse> = {},
): TriedPulse {
  const { minWidthNanoseconds = usualWidth, maxWidthNanoseconds = usualWidth } = description?.limits ?? {};
  return {
    ticket: 0,
    ...place,
    kind: "reset",
    widthNanoseconds: Math.ceil(Math.min(Math.max(usualWidth, minWidthNanoseconds), maxWidthNanoseconds)),
    trailingNanoseconds: 0,
    gateCode: 0,
    codes: new Uint16Array(devicesPerRow(identity.geometry)),
    ...change,
  };
}

const usualWidth = 100;
