import { createHash } from "node:crypto";
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

  /** The store, with somebody who listens to it. @param onSweep is told of each before it is kept. */
  beside(
    store: RunStore,
    onTurn: (run: RunId, turn: TurnRecord) => Promise<void>,
    onSweep: (run: RunId, sweep: SweepRecord) => Promise<void>,
  ): RunStore {
    const of = (run: RunId): Acknowledged => this.#of(run);
    const heard: Pick<RunStore, "appendTurn" | "appendSweep" | "appendNote"> = {
      async appendTurn(run, turn) {
        await onTurn(run, turn);
        await store.appendTurn(run, turn);
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
    };
    return new Proxy(store, {
      get(target, name) {
        if (Object.hasOwn(heard, name)) return heard[name as keyof typeof heard];
        const method = Reflect.get(target, name, target) as unknown;
        return typeof method === "function" ? (method.bind(target) as unknown) : method;
      },
    });
  }

  /** Every acknowledged row is in a store as it was given, and in its place. */
  async confirm(store: RunStore): Promise<void> {
    for (const [run, { turns, sweeps, notes }] of this.#runs) {
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
      // What was kept and not acknowledged, because somebody died in between, counts from here on.
      Object.assign(this.#of(run), { turns: kept, sweeps: read, notes: noted });
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

function digestOfTurn({
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
