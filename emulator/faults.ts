import { type ChipGeometry, devicesPerRow } from "../src/chip/geometry.ts";
import { normalOf, Random, uniformOf } from "../src/random.ts";

/**
 * What goes wrong in one world. Drawn from a seed, it first chooses which faults exist at all and then how often they
 * come: a world where everything fails a little teaches less than many with few faults each.
 */
export interface FaultRecord {
  readonly seed: number;
  /** Chances, per frame and direction. */
  readonly line: {
    readonly damaged: number;
    readonly dropped: number;
    readonly duplicated: number;
    readonly late: number;
    readonly split: number;
    readonly glued: number;
    /** Replies of which not a byte arrives. */
    readonly lostReplies: number;
  };
  /** How late a late frame comes, at most. */
  readonly latestMilliseconds: number;
  /** The chip's clock against the host's, parts per million. */
  readonly clockPartsPerMillion: number;
  /** What happens once, after so many requests. */
  readonly events: readonly FaultEvent[];
}

export type FaultEvent = { readonly afterRequests: number } & ScheduledFault;

export type ScheduledFault =
  /** The firmware starts anew, before or after it carried out the request that it was at; nobody is told. */
  | { readonly fault: "reset"; readonly afterCarryingOut: boolean }
  /** The supply sags: as a reset, with the row that was being pulsed half done. */
  | { readonly fault: "brown-out" }
  /** The cable is pulled; it is put back, under another name, after a while. */
  | { readonly fault: "unplug"; readonly forMilliseconds: number }
  /** Nothing more comes, and the line stays open. */
  | { readonly fault: "hang"; readonly forMilliseconds: number }
  | {
      readonly fault: "stick";
      readonly tile: number;
      readonly row: number;
      readonly device: number;
      readonly high: boolean;
    }
  | { readonly fault: "dead-row"; readonly tile: number; readonly row: number }
  /** Requests of a sort are neither carried out nor answered; all others are. */
  | { readonly fault: "dumb"; readonly to: DumbTo; readonly forRequests?: number | undefined }
  /** Answers are whole, and say what cannot be. */
  | { readonly fault: "lie"; readonly about: LieAbout; readonly forAnswers?: number | undefined }
  | {
      readonly fault: "converter-jump";
      readonly tile: number;
      readonly offsetCodes: number;
      readonly gain: number;
    };

/**
 * Reads and products; pulses and loops of the board's own; `not-fired`: pulses are answered, with the word that they did not fire
 * (dialects without such a word: not at all); `tags`: all but the greeting and standby is answered under another's tag.
 */
export type DumbTo = "reads" | "pulses" | "not-fired" | "tags";

export type LieAbout = "time-stops" | "time-goes-back" | "time-leaps" | "codes" | "count" | "temperature";

/** Says which place of a fault a chip does not have; undefined when it has them all. */
export function placeMissing(geometry: ChipGeometry, fault: ScheduledFault): string | undefined {
  const { tile = 0, row = 0, device = 0 } = fault as { tile?: number; row?: number; device?: number };
  const there = tile < geometry.tiles && row < geometry.rows && device < devicesPerRow(geometry);
  return there
    ? undefined
    : `its ${fault.fault} is at tile ${tile}, row ${row}, device ${device}, which this chip does not have`;
}

export const noFaults: FaultRecord = {
  seed: 0,
  line: { damaged: 0, dropped: 0, duplicated: 0, late: 0, split: 0, glued: 0, lostReplies: 0 },
  latestMilliseconds: 0,
  clockPartsPerMillion: 0,
  events: [],
};

/** A world of faults for a chip: those that a run can outlive. */
export function drawFaults(seed: number, geometry: ChipGeometry): FaultRecord {
  const random = new Random(seed).fork("faults");
  let draws = 0;
  const uniform = (): number => uniformOf(random.at(draws++, 0).word0);
  const exists = (): boolean => uniform() < 0.4;
  const chance = (most: number): number => (exists() ? most * uniform() : 0);
  const whole = (below: number): number => Math.floor(below * uniform());
  const line = {
    damaged: chance(0.05),
    dropped: chance(0.05),
    duplicated: chance(0.05),
    late: chance(0.05),
    split: chance(0.5),
    glued: chance(0.5),
    lostReplies: chance(0.03),
  };
  const anyRow = (): { tile: number; row: number } => ({
    tile: whole(geometry.tiles),
    row: whole(geometry.rows),
  });
  const kinds: (() => ScheduledFault)[] = [
    () => ({ fault: "reset", afterCarryingOut: uniform() < 0.5 }),
    () => ({ fault: "brown-out" }),
    () => ({ fault: "unplug", forMilliseconds: 50 + whole(450) }),
    () => ({ fault: "hang", forMilliseconds: 500 + whole(2500) }),
    () => ({ fault: "stick", ...anyRow(), device: whole(devicesPerRow(geometry)), high: uniform() < 0.5 }),
    () => ({ fault: "dead-row", ...anyRow() }),
    () => ({
      fault: "converter-jump",
      tile: whole(geometry.tiles),
      offsetCodes: whole(20) - 10,
      gain: 0.95 + 0.1 * uniform(),
    }),
  ];
  const events = kinds.flatMap((kind) => {
    if (!exists()) return [];
    return Array.from({ length: 1 + whole(3) }, () => ({ afterRequests: 1 + whole(5000), ...kind() }));
  });
  events.sort((a, b) => a.afterRequests - b.afterRequests);
  const clockPartsPerMillion = exists() ? 50 * normalOf(random.at(draws++, 0).word0) : 0;
  return { seed, line, latestMilliseconds: 1 + whole(400), clockPartsPerMillion, events };
}
