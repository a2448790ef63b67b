import type { ExpectedWork } from "../run/estimate.ts";
import type { Seconds } from "../units.ts";

/** A turn of a tile, and whether the tile was done with it. */
export interface NotedTurn {
  readonly tile: number;
  readonly turn: number;
  readonly tileDone: boolean;
}

/** How fast a run goes while it works. Pauses, and the time between a stop and the resume, do not count. */
export class Pace {
  #expected: ExpectedWork | undefined;
  #last: Stand | undefined;
  #restedUntil: Seconds = -Infinity;
  /** Seconds of work, and what was done in them. */
  readonly #done = { seconds: 0, inPlace: 0, pulses: 0 };
  readonly #recent: Point[] = [];
  /** From the beginning on, each 2 % later than the one before. */
  readonly #course: Point[] = [];
  readonly #turns = new Map<number, TileTurns>();

  /** @param expected  by what devices took so far where it is not known. */
  constructor(expected?: ExpectedWork) {
    this.#expected = expected;
  }

  expect(expected: ExpectedWork | undefined): void {
    this.#expected = expected;
  }

  /** How a run stands at a time, s, and after which turn. */
  note(at: Seconds, inPlace: number, pulses: number, noted?: NotedTurn): void {
    if (noted !== undefined) this.#noteTurn(noted);
    const last = this.#last;
    this.#last = { at, inPlace, pulses };
    const done = this.#done;
    if (last !== undefined) {
      done.seconds += Math.max(0, at - Math.max(last.at, this.#restedUntil));
      done.inPlace += inPlace - last.inPlace;
      done.pulses += pulses - last.pulses;
    }
    const point = { seconds: done.seconds, pulses: done.pulses };
    this.#recent.push(point);
    if (this.#recent.length > mostRecent) this.#recent.shift();
    if (done.seconds >= 1.02 * (this.#course.at(-1)?.seconds ?? 0)) this.#course.push(point);
  }

  /** No work was done since the last note. */
  restUntil(at: Seconds): void {
    this.#restedUntil = at;
  }

  /** Per second of work; 0 while too little is known. */
  rates(): { readonly devicesPerSecond: number; readonly pulsesPerSecond: number } {
    const { seconds, inPlace, pulses } = this.#done;
    const first = this.#recent.find((one) => seconds - one.seconds <= recentSeconds);
    return {
      devicesPerSecond: perSecond(inPlace, seconds),
      pulsesPerSecond: first === undefined ? 0 : perSecond(pulses - first.pulses, seconds - first.seconds),
    };
  }

  #noteTurn({ tile, turn, tileDone }: NotedTurn): void {
    const known = this.#turns.get(tile);
    if (known === undefined) this.#turns.set(tile, { first: turn, last: turn, done: tileDone });
    else [known.last, known.done] = [turn, tileDone];
  }

  /**
   * Until all devices are in place; undefined while too little is known. Pulses alone promise too little: the last devices of a tile get few of
   * them a turn. Turns alone promise too much: the first ones take longest. So the mean of both is taken, where both are known.
   */
  secondsLeft(devices: number): Seconds | undefined {
    const last = this.#last;
    if (last === undefined || last.inPlace >= devices) return undefined;
    const known = [this.#leftByPulses(devices, last), this.#leftByTurns()].filter(
      (left) => left !== undefined,
    );
    return known.length === 0 ? undefined : known.reduce((sum, left) => sum + left, 0) / known.length;
  }

  /**
   * What the second half of the work came to counts where it was slower than all of it, within reason: a tile's devices may be reckoned through for
   * a while, without a pulse.
   */
  #leftByPulses(devices: number, last: Stand): Seconds | undefined {
    const { seconds, pulses } = this.#done;
    const half = this.#course.find((point) => point.seconds >= seconds / 2);
    const lately = half === undefined ? 0 : perSecond(pulses - half.pulses, seconds - half.seconds);
    const overall = perSecond(pulses, seconds);
    const rate = lately === 0 ? overall : Math.min(overall, Math.max(lately, overall / mostSlower));
    if (rate === 0) return undefined;
    const missing = devices - last.inPlace;
    const each = last.inPlace === 0 ? undefined : last.pulses / last.inPlace;
    const whole = this.#expected?.pulses ?? (each === undefined ? undefined : devices * each);
    return whole === undefined ? undefined : Math.max(whole - last.pulses, missing) / rate;
  }

  /** Tiles that are done say how many turns a tile takes; before, what is expected does. */
  #leftByTurns(): Seconds | undefined {
    if (this.#expected === undefined) return undefined;
    const tiles = [...this.#turns.values()];
    const done = tiles.filter((tile) => tile.done);
    const each =
      done.length === 0
        ? this.#expected.turnsPerTile
        : done.reduce((sum, tile) => sum + tile.last, 0) / done.length;
    const passed = tiles.reduce((sum, tile) => sum + tile.last - tile.first, 0);
    const rate = perSecond(passed, this.#done.seconds);
    // The very first turns, of all devices, tell nothing of the others.
    if (rate === 0 || passed < enoughTurns * each * this.#expected.tiles) return undefined;
    const begun = tiles.reduce((sum, tile) => sum + (tile.done ? 0 : Math.max(1, each - tile.last)), 0);
    return (begun + each * Math.max(0, this.#expected.tiles - tiles.length)) / rate;
  }
}

/** The first and the last turn of a tile that were noted. */
interface TileTurns {
  readonly first: number;
  last: number;
  done: boolean;
}

interface Point {
  readonly seconds: Seconds;
  readonly pulses: number;
}

interface Stand {
  readonly at: Seconds;
  readonly inPlace: number;
  readonly pulses: number;
}

/** How much slower the rest may go than what was done, by the pulses alone. */
const mostSlower = 5;
/** Of all turns. */
const enoughTurns = 0.02;
const mostRecent = 400;
const recentSeconds: Seconds = 10;

function perSecond(count: number, seconds: Seconds): number {
  return seconds < 0.5 ? 0 : Math.max(0, count / seconds);
}
