import type { Firmware } from "../../emulator/firmware.ts";
import type { ChipKey } from "../../src/chip/driver.ts";
import { MhoError } from "../../src/errors.ts";
import type { SweepRecord, TurnRecord } from "../../src/run/journal.ts";
import { PulseLedger } from "../../src/run/ledger.ts";
import { recall } from "../../src/run/recall.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";
import { checkFelt, checkSweep, checkTurn, dueOf, lastOf, underWayOf } from "./checks.ts";
import { claim } from "./claim.ts";
import type { Liar } from "./liar.ts";

/** A chip of a world, and what must hold of all that is written of it. */
export class ChipAtHand {
  readonly firmware: Firmware;
  readonly key: ChipKey;
  /** Whether a person has agreed to go on with wear that no store knows. */
  acceptsUnknownWear = false;
  readonly #liar: Liar | undefined;
  readonly #clockPartsPerMillion: number;
  readonly #lost = new Map<number, Uint32Array>();
  /** The newest ticket that it had fired when the process at work began. */
  #newestAtStart = 0;

  constructor(firmware: Firmware, key: ChipKey, clockPartsPerMillion: number, liar?: Liar) {
    this.firmware = firmware;
    this.key = key;
    this.#clockPartsPerMillion = clockPartsPerMillion;
    this.#liar = liar;
  }

  /** As devices age by it. */
  get time(): number {
    return this.firmware.history.chipTimeMicroseconds;
  }

  /** A process begins to use it. */
  beginProcess(): void {
    this.#newestAtStart = this.firmware.newestTicket;
  }

  async seeTurn(store: RunStore, run: RunId, turn: TurnRecord): Promise<void> {
    if (turn.orders.length > 0) await this.#checkTickets(store, run);
    if (this.#liedOf("codes")) return;
    const { tiles } = await store.plan(run);
    const { block } = tiles.find((tile) => tile.block.tile === turn.tile)!;
    checkTurn(this.firmware.chip, block, turn, this.time);
  }

  async seeSweep(store: RunStore, run: RunId, sweep: SweepRecord): Promise<void> {
    if (this.#liedOf("codes") || this.#liedOf("time")) return;
    const plan = await store.plan(run);
    const memories = await recall(store, run);
    const memory = memories.find(({ block }) => block.tile === sweep.tile)!;
    const ofAll = Math.max(...memories.map(lastOf).filter((at) => !Number.isNaN(at)));
    const due = dueOf(plan, memory, ofAll, sweep.timeSeconds);
    const clock = Math.round(this.time * (1 + this.#clockPartsPerMillion * 1e-6));
    checkSweep(this.firmware.chip, memory.block, sweep, due, this.time, clock);
  }

  /** What another workspace fired is booked by one that knew the chip only after a person agreed. */
  async seeForeign(store: RunStore): Promise<void> {
    const booked = await store.newestTicket(this.key);
    claim(
      this.acceptsUnknownWear || booked === 0,
      () => `a run went on with a chip that fired beyond ticket ${booked}, and no person had agreed`,
    );
    this.acceptsUnknownWear = false;
  }

  /** Before a run fires, the chip has fired nothing that its workspace does not know of. */
  async #checkTickets(store: RunStore, run: RunId): Promise<void> {
    const booked = await store.newestTicket(this.key);
    const { newestTicket } = this.firmware;
    claim(
      newestTicket <= booked,
      () =>
        `${run} is about to fire; its chip has fired ticket ${newestTicket}, and ${booked} is the newest booked`,
    );
  }

  /**
   * Whether a refusal because of what another workspace did has its reason; a person then agrees. A process that is refused fires nothing, so what
   * the chip had fired at its start is what counts: the order to stand by may meet a reset, after which the chip knows of nothing.
   */
  async agree(store: RunStore, error: MhoError): Promise<boolean> {
    if (this.acceptsUnknownWear) return false;
    // Its devices come formed: another workspace left them as low as pristine ones read, or its pulses are lost with files.
    const looksUnformed = error.facts["unformed"] !== undefined;
    const isUnknown =
      error.code === "unknown-wear" && this.#newestAtStart > (await store.newestTicket(this.key));
    if (!looksUnformed && !isUnknown) return false;
    this.acceptsUnknownWear = true;
    return true;
  }

  async checkFelt(store: RunStore, settled: boolean, stores: readonly RunStore[] = []): Promise<void> {
    const { name: chipName, serialNumber: chipSerialNumber } = this.key;
    const elsewhere = { stores, lostOfTile: (tile: number) => this.#lost.get(tile) };
    await checkFelt(store, this.firmware, { chipName, chipSerialNumber }, settled, elsewhere);
  }

  /** What a store knows of the chip, before an older copy takes its place. @returns what is to be called with that copy. */
  async remember(store: RunStore): Promise<(copy: RunStore) => Promise<void>> {
    const { geometry } = this.firmware.chip.preset;
    const before = await PulseLedger.ofChip(store, this.key, geometry);
    // A loop of the board's own is booked as one pulse until it has said how many it gave.
    const underWay = await underWayOf(store, this.key, geometry);
    return async (copy) => {
      const after = await PulseLedger.ofChip(copy, this.key, geometry);
      for (let tile = 0; tile < geometry.tiles; tile++) {
        const lost = this.#lost.get(tile) ?? new Uint32Array(before.pulsesOfTile(tile).length);
        this.#lost.set(tile, lost);
        const [had, has] = [before.pulsesOfTile(tile), after.pulsesOfTile(tile)];
        for (let i = 0; i < lost.length; i++) {
          const most = had[i]! + Math.max(0, (underWay.get(tile)?.[i] ?? 0) - 1);
          lost[i]! += Math.max(0, most - has[i]!);
        }
      }
    };
  }

  #liedOf(what: "codes" | "time"): boolean {
    return [...(this.#liar?.told ?? [])].some((lie) => lie.includes(what));
  }
}
