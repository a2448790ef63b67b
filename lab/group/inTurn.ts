/** Lets the runs of a network begin in the order of their shares, whichever chip answers first: so run numbers follow the shares. */
export class InTurn {
  readonly #begun = new Map<number, Promise<void>>();
  readonly #pass = new Map<number, () => void>();

  constructor(shares: readonly number[]) {
    for (const share of shares)
      this.#begun.set(share, new Promise((resolve) => this.#pass.set(share, resolve)));
  }

  /** Resolves when each share before this one has a run, or will not have one for now. */
  async turnOf(share: number): Promise<void> {
    for (const [other, begun] of this.#begun) if (other < share) await begun;
  }

  /** A share has a run, or failed before it had one. */
  passed(share: number): void {
    this.#pass.get(share)?.();
  }
}
