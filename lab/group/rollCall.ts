import type { ChipIdentity, ChipKey } from "../../src/chip/driver.ts";
import { MhoError } from "../../src/errors.ts";

/**
 * Lets no chip be pulsed before all that were named have said who they are, or failed: two addresses may lead to one chip, and its
 * devices would be programmed twice.
 */
export class RollCall {
  /** Where each chip is, by name and number, and for which share it answered; -1 for chips that hold one already. */
  readonly #known = new Map<string, { readonly address: string; readonly share: number }>();
  readonly #waited: Countdown;
  #answers = 0;
  #twice: MhoError | undefined;

  /**
   * @param shares  that are waited for.
   * @param known   chips that hold other shares.
   */
  constructor(
    shares: readonly number[],
    known: readonly { readonly chip: ChipKey; readonly address: string }[],
  ) {
    this.#waited = new Countdown(shares.length);
    for (const { chip, address } of known) this.#known.set(keyOf(chip), { address, share: -1 });
  }

  /** Resolves when all have answered or failed. Throws `bad-argument` where two addresses lead to one chip. */
  async answered(share: number, address: string, chip: ChipIdentity): Promise<void> {
    const other = this.#known.get(keyOf(chip));
    if (other !== undefined && other.address !== address) {
      const isSpare = !this.#waited.waitsFor(share);
      // As they were named, whichever answers first.
      const inOrder = isSpare || other.share < share;
      const [first, second] = inOrder ? [other.address, address] : [address, other.address];
      const error = new MhoError(
        isSpare ? "wrong-chip" : "bad-argument",
        `The addresses ${first} and ${second} lead to one chip, ${chip.name} number ${chip.serialNumber}. Name another chip for one of them.`,
        { address, serialNumber: chip.serialNumber },
      );
      // A spare comes later, and stops nobody else.
      if (isSpare) throw error;
      this.#twice ??= error;
    }
    this.#known.set(keyOf(chip), { address, share });
    this.#answers++;
    await this.#waited.count(share);
    if (this.#twice !== undefined) throw this.#twice;
  }

  /** A chip cannot be waited for any more. */
  gone(share: number): void {
    this.#waited.leave(share);
  }

  /** Resolves when all have answered or failed, with whether work begins: with any of them, and not where one chip has two addresses. */
  async complete(): Promise<boolean> {
    await this.#waited.over;
    return this.#answers > 0 && this.#twice === undefined;
  }
}

/** Waits until each of some shares has come so far, or has left. */
export class Countdown {
  readonly over: Promise<void>;
  readonly #here = new Set<number>();
  readonly #shares: number;
  #end: () => void = () => {};

  /** @param shares  how many. */
  constructor(shares: number) {
    this.#shares = shares;
    this.over = new Promise((resolve) => (this.#end = resolve));
    if (shares === 0) this.#end();
  }

  /** A share has come so far; resolves when all have, or have left. */
  count(share: number): Promise<void> {
    this.leave(share);
    return this.over;
  }

  /** A share will not come so far, or has. */
  leave(share: number): void {
    this.#here.add(share);
    if (this.#here.size >= this.#shares) this.#end();
  }

  waitsFor(share: number): boolean {
    return !this.#here.has(share);
  }
}

function keyOf({ name, serialNumber }: ChipKey): string {
  return `${name}/${serialNumber}`;
}
