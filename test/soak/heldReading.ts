import { openWorkspace, type Workspace } from "../../storage/workspace.ts";
import type { TurnRecord } from "../../src/run/journal.ts";
import type { RunId } from "../../src/run/store.ts";
import { claim } from "./claim.ts";
import { digestOfTurn } from "./witness.ts";

/** Another program that reads a run and stops half way: what it sees is the store as it was when it began. */
export class HeldReading {
  readonly #store: Workspace;
  readonly #run: RunId;
  readonly #turns: AsyncIterator<TurnRecord>;
  readonly #seen: string[];
  /** The turns that there were when it began. */
  readonly #expected: readonly string[];

  private constructor(
    store: Workspace,
    run: RunId,
    turns: AsyncIterator<TurnRecord>,
    seen: string[],
    expected: readonly string[],
  ) {
    this.#store = store;
    this.#run = run;
    this.#turns = turns;
    this.#seen = seen;
    this.#expected = expected;
  }

  /** Undefined where there is nothing to read yet. */
  static async begin(folder: string, run: RunId, open = openWorkspace): Promise<HeldReading | undefined> {
    const store = await open(folder);
    const expected: string[] = [];
    for await (const turn of store.turns(run)) expected.push(digestOfTurn(turn));
    const turns = store.turns(run)[Symbol.asyncIterator]();
    const first = await turns.next();
    if (first.done !== true) return new HeldReading(store, run, turns, [digestOfTurn(first.value)], expected);
    await store.close();
    return undefined;
  }

  /** Reads the rest. */
  async end(): Promise<void> {
    try {
      for (let next = await this.#turns.next(); next.done !== true; next = await this.#turns.next()) {
        this.#seen.push(digestOfTurn(next.value));
      }
    } finally {
      await this.#store.close();
    }
    const [seen, expected] = [this.#seen, this.#expected];
    claim(
      seen.length === expected.length && seen.every((digest, k) => digest === expected[k]),
      () =>
        `a reader of ${this.#run} began with ${expected.length} turns and saw ${seen.length}, or others than there were`,
    );
  }
}
