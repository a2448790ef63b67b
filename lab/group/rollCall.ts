import type { ChipIdentity, ChipKey } from "../../src/chip/driver.ts";
import { MhoError } from "../../src/errors.ts";

/**
 * Lets no chip be pulsed before all that were named have said who they are, or failed: two addresses may lead to one chip, and its
 * devices would be programmed twice.
 */
export class RollCall {
  /** Where each chip is, by name and number. */
  readonly #known = new Map<string, string>();
  readonly #waitedFor: Set<number>;
  readonly #all: Promise<void>;
  #complete: () => void = () => {};
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
    this.#waitedFor = new Set(shares);
    for (const { chip, address } of known) this.#known.set(keyOf(chip), address);
    this.#all = new Promise((resolve) => (this.#complete = resolve));
    if (this.#waitedFor.size === 0) this.#complete();
  }

  /** Resolves when all have answered or failed. Throws `bad-argument` where two addresses lead to one chip. */
  async answered(share: number, address: string, chip: ChipIdentity): Promise<void> {
    const other = this.#known.get(keyOf(chip));
    if (other !== undefined && other !== address) {
      const error = new MhoError(
        this.#waitedFor.has(share) ? "bad-argument" : "wrong-chip",
        `The addresses ${other} and ${address} lead to one chip, ${chip.name} number ${chip.serialNumber}. Name another chip for one of them.`,
        { address, serialNumber: chip.serialNumber },
      );
      // A spare comes later, and stops nobody else.
      if (!this.#waitedFor.has(share)) throw error;
      this.#twice ??= error;
    }
    this.#known.set(keyOf(chip), address);
    this.#answers++;
    this.gone(share);
    await this.#all;
    if (this.#twice !== undefined) throw this.#twice;
  }

  /** A chip cannot be waited for any more. */
  gone(share: number): void {
    this.#waitedFor.delete(share);
    if (this.#waitedFor.size === 0) this.#complete();
  }

  /** Resolves when all have answered or failed, with whether work begins: with any of them, and not where one chip has two addresses. */
  async complete(): Promise<boolean> {
    await this.#all;
    return this.#answers > 0 && this.#twice === undefined;
  }
}

function keyOf({ name, serialNumber }: ChipKey): string {
  return `${name}/${serialNumber}`;
}
