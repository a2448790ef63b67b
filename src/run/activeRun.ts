import { type ChipIdentity, type PulseReport, rowFates } from "../chip/driver.ts";
import { MhoError } from "../errors.ts";
import { modelOf } from "../model/modelOf.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import { type Log, noLog } from "../log.ts";
import type { ProgrammingMethod } from "../program/method.ts";
import { methodOf, type RunContext } from "./context.ts";
import type { PulseLedger } from "./ledger.ts";
import type { RunNote } from "./journal.ts";
import type { RunPlan } from "./plan.ts";
import { noteUnknownWear, type Tickets } from "./tickets.ts";
import type { RunId } from "./store.ts";

/** A run that is under way on its chip, and how far it has come. */
export class ActiveRun {
  readonly context: RunContext;
  readonly plan: RunPlan;
  readonly method: ProgrammingMethod;
  /** What the plan believes of the devices. */
  readonly model: DeviceModel;
  readonly identity: ChipIdentity;
  readonly run: RunId;
  readonly ledger: PulseLedger;
  readonly log: Log;
  /** Devices with a target. */
  readonly devices: number;
  nextTicket: number;
  devicesDone = 0;
  accepted = 0;
  pulses = 0;
  /** Turns on end whose pulses were all lost, or uncertain. */
  #firelessTurns = 0;
  /** Devices that are inside their margins and still to be confirmed, by tile. */
  readonly insideOfTile = new Map<number, number>();

  constructor(
    context: RunContext,
    plan: RunPlan,
    identity: ChipIdentity,
    run: RunId,
    ledger: PulseLedger,
    nextTicket: number,
  ) {
    this.context = context;
    this.plan = plan;
    this.method = methodOf(context, plan);
    this.model = modelOf(plan.model);
    this.identity = identity;
    this.run = run;
    this.ledger = ledger;
    this.log = (context.log ?? noLog).child({ run });
    this.nextTicket = nextTicket;
    this.devices = plan.tiles.reduce(
      (sum, { targetsMicrosiemens }) =>
        targetsMicrosiemens.reduce((n, g) => n + (Number.isNaN(g) ? 0 : 1), sum),
      0,
    );
  }

  get inside(): number {
    let sum = 0;
    for (const count of this.insideOfTile.values()) sum += count;
    return sum;
  }

  /** Writes into the journal what happened to the link since it was last asked. */
  async keepLinkNotes(): Promise<void> {
    const { store, linkNotes } = this.context;
    for (const note of linkNotes?.() ?? []) await store.appendNote(this.run, note);
  }

  async note(what: RunNote["what"], text: string): Promise<void> {
    await this.context.store.appendNote(this.run, { notedAt: this.context.wallTime(), what, text });
  }

  /** Books that another workspace fired, once: from now on its tickets are known, its pulses are not. */
  async bookForeign({ foreign }: Tickets): Promise<void> {
    if (foreign === undefined) return;
    const { store } = this.context;
    await store.bookForeignTicket(this.identity, foreign);
    const text =
      `The chip had fired up to ticket ${foreign}, which this workspace had not booked: ` +
      "its devices have felt pulses that no budget counts.";
    await this.note("unknown-wear", text);
    await noteUnknownWear(this.context, this.identity, text, this.run);
    this.context.onEvent({ type: "unknown_wear", run: this.run, newest_ticket: foreign });
  }

  /** Throws `chip-refused` when turn after turn no row is known to have fired: the devices wear for nothing. */
  refuseFireless({ fates }: PulseReport, tile: number): void {
    if (!fates.some((fate) => fate !== rowFates.nothingToFire)) return;
    this.#firelessTurns = fates.includes(rowFates.fired) ? 0 : this.#firelessTurns + 1;
    const most = this.identity.capabilities.tickets === false ? mostWithoutTickets : mostFirelessTurns;
    if (this.#firelessTurns < most) return;
    const { address } = this.context.driver;
    throw new MhoError(
      "chip-refused",
      `Of the pulses of the last ${most} turns, the last of them on tile ${tile}, the chip at ${address} ` +
        "confirmed none, although it was greeted anew after each: whether they fired is unknown, or they did not. " +
        "Check the board's pulse supply and the cable, and that its firmware answers pulses.",
      { address, tile, turns: most },
    );
  }

  /** Rows that may have fired did so now at the latest; the event and a note tell of them. */
  async bookUncertain(report: PulseReport, tile: number, turn: number): Promise<void> {
    const rows = report.fates.reduce((sum, fate) => sum + (fate === rowFates.uncertain ? 1 : 0), 0);
    if (rows === 0) return;
    await this.keepLinkNotes();
    const now = await this.context.driver.chipTime();
    report.fates.forEach((fate, k) => {
      if (fate === rowFates.uncertain) report.rowTimesMicroseconds[k] = now;
    });
    this.log.warn({ tile, turn, rows, fate: "uncertain", chip_time_microseconds: now }, "rows are uncertain");
    this.context.onEvent({ type: "uncertain", run: this.run, tile, turn, rows });
    await this.note(
      "uncertain",
      `Whether ${rows} ${rows === 1 ? "row" : "rows"} of tile ${tile} fired in turn ${turn} is unknown.`,
    );
  }
}

const mostFirelessTurns = 10;
/** Each of them may wear its devices and costs a link that is lost, given up and found again: as many as a chip with tickets is greeted in vain. */
const mostWithoutTickets = 5;
