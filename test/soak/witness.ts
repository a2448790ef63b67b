import { createHash } from "node:crypto";
import type { ChipKey } from "../../src/chip/driver.ts";
import type { RunNote, SweepRecord, TurnRecord } from "../../src/run/journal.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";
import { claim } from "./claim.ts";

/** What a store has acknowledged of one run. */
interface Acknowledged {
  readonly turns: string[];
  readonly sweeps: string[];
  notes: number;
}

/** Remembers what stores acknowledged, over all the processes of a world, to see later whether it is still there. */
export class Witness {
  readonly #runs = new Map<RunId, Acknowledged>();
  /** Whether the next process would find what a store keeps now. */
  keepsForGood: () => boolean = () => true;

  /**
   * The store, with somebody who listens to it.
   *
   * @param onSweep    is told of each before it is kept.
   * @param onForeign  is told of each ticket of another workspace before it is booked.
   */
  beside(
    store: RunStore,
    onTurn: (run: RunId, turn: TurnRecord) => Promise<void>,
    onSweep: (run: RunId, sweep: SweepRecord) => Promise<void>,
    onForeign: (chip: ChipKey) => Promise<void> = () => Promise.resolve(),
  ): RunStore {
    const of = (run: RunId): Acknowledged => this.#of(run);
    const heard: Pick<RunStore, "appendTurn" | "appendSweep" | "appendNote" | "bookForeignTicket"> = {
      appendTurn: async (run, turn) => {
        await onTurn(run, turn);
        await store.appendTurn(run, turn);
        claim(
          this.keepsForGood(),
          () => `turn ${turn.turn} of ${run} was kept in files that had been moved away`,
        );
        of(run).turns.push(digestOfTurn(turn));
      },
      async appendSweep(run, sweep) {
        await onSweep(run, sweep);
        await store.appendSweep(run, sweep);
        of(run).sweeps.push(digestOfSweep(sweep));
      },
      async appendNote(run: RunId, note: RunNote) {
        await store.appendNote(run, note);
        of(run).notes++;
      },
      async bookForeignTicket(chip, ticket) {
        await onForeign(chip);
        await store.bookForeignTicket(chip, ticket);
      },
    };
    return new Proxy(store, {
      get(target, name) {
        if (Object.hasOwn(heard, name)) return heard[name as keyof typeof heard];
        const method = Reflect.get(target, name, target) as unknown;
        return typeof method === "function" ? (method.bind(target) as unknown) : method;
      },
    });
  }

  /** Every acknowledged row is in a store as it was given, and in its place. Runs may go on meanwhile. */
  async confirm(store: RunStore): Promise<void> {
    for (const [run, known] of this.#runs) {
      const { turns, sweeps, notes } = {
        turns: [...known.turns],
        sweeps: [...known.sweeps],
        notes: known.notes,
      };
      const kept = await collect(store.turns(run), digestOfTurn);
      claim(
        turns.every((digest, k) => kept[k] === digest),
        () => `of ${turns.length} acknowledged turns of ${run}, the store has not all: it has ${kept.length}`,
      );
      const read = await collect(store.sweeps(run), digestOfSweep);
      claim(
        sweeps.every((digest, k) => read[k] === digest),
        () =>
          `of ${sweeps.length} acknowledged sweeps of ${run}, the store has not all: it has ${read.length}`,
      );
      const noted = (await store.notes(run)).length;
      claim(noted >= notes, () => `of ${notes} acknowledged notes of ${run}, the store has ${noted}`);
      // What was kept and not acknowledged, because its process died in between, counts from here on.
      known.turns.push(...kept.slice(known.turns.length));
      known.sweeps.push(...read.slice(known.sweeps.length));
      known.notes = Math.max(known.notes, noted);
    }
  }

  /** An operator put an older copy in the store's place: it has the beginning of what was acknowledged, and nothing else. */
  async rewind(store: RunStore): Promise<void> {
    const ids = new Set((await store.runs()).map(({ id }) => id));
    for (const [run, { turns, sweeps }] of this.#runs) {
      if (!ids.has(run)) {
        this.#runs.delete(run);
        continue;
      }
      const kept = await collect(store.turns(run), digestOfTurn);
      const read = await collect(store.sweeps(run), digestOfSweep);
      claim(
        kept.every((digest, k) => turns[k] === digest) && read.every((digest, k) => sweeps[k] === digest),
        () =>
          `an older copy of ${run} has ${kept.length} turns and ${read.length} sweeps, and not those that it had`,
      );
      Object.assign(this.#of(run), { turns: kept, sweeps: read, notes: (await store.notes(run)).length });
    }
  }

  #of(run: RunId): Acknowledged {
    const found = this.#runs.get(run) ?? { turns: [], sweeps: [], notes: 0 };
    this.#runs.set(run, found);
    return found;
  }
}

async function collect<T>(rows: AsyncIterable<T>, digest: (row: T) => string): Promise<string[]> {
  const digests: string[] = [];
  for await (const row of rows) digests.push(digest(row));
  return digests;
}

export function digestOfTurn({
  tile,
  turn,
  devices,
  conductanceMicrosiemens,
  verdicts,
  orders,
  fired,
}: TurnRecord): string {
  const codes = orders.map((order) => order.codes);
  return digestOf(`${tile} ${turn}`, [devices, conductanceMicrosiemens, verdicts, ...codes, fired.fates]);
}

function digestOfSweep({
  tile,
  timeSeconds,
  conductanceMicrosiemens,
  flags,
  codes,
  rowTimesMicroseconds,
}: SweepRecord): string {
  return digestOf(`${tile} ${timeSeconds}`, [conductanceMicrosiemens, flags, codes!, rowTimesMicroseconds]);
}

function digestOf(text: string, columns: readonly NodeJS.TypedArray[]): string {
  const hash = createHash("sha1").update(text);
  for (const column of columns) hash.update(column);
  return hash.digest("base64");
}
