import type { BoardTrials, Tried, TriedFate, TriedPulse } from "../../drivers/boardTrials.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import { blankReport, type ChipIdentity, type PulseReport, rowFates } from "../../src/chip/driver.ts";
import { devicesPerRow } from "../../src/chip/geometry.ts";
import { verdicts } from "../../src/program/method.ts";
import type { JournalledOrder } from "../../src/run/journal.ts";
import { usualPulsesPerDevice } from "../../src/run/plan.ts";
import type { RunId } from "../../src/run/store.ts";
import { type Tickets, ticketsFor } from "../../src/run/tickets.ts";
import type { KeptRuns } from "../../storage/keptRuns.ts";
import { byHand } from "../handMethod.ts";
import { labelled } from "../labels.ts";
import { modelOfChip } from "../modelOfChip.ts";
import { wallTime } from "../wallTime.ts";
import type { Workplace } from "../workplace.ts";
import type { DevicePlace } from "./findings.ts";

/** Fires at a device for a check, and books each pulse before it leaves. */
export interface Booked {
  readonly fire: (pulse: TriedPulse) => Promise<Tried<TriedFate>>;
  /** @returns the run that the pulses stand in; undefined where none was fired. */
  close(): Promise<RunId | undefined>;
}

/** Of a chip that no workspace keeps. */
export function notBooked(board: BoardTrials): Booked {
  return { fire: (pulse) => board.pulse(pulse), close: () => Promise.resolve(undefined) };
}

/**
 * Pulses of a check at one device, as a run by hand: a device's life counts them too.
 *
 * @param identity  of the hello, before any ticket was used.
 * @throws `unknown-wear` where the chip has fired what the workspace did not book: a newer ticket would hide it.
 */
export async function bookPulses(
  place: Workplace,
  address: string,
  board: BoardTrials,
  identity: ChipIdentity,
  description: ChipDescription,
  { tile, row, device }: DevicePlace,
): Promise<Booked> {
  const store = await place.writableStore();
  const { acceptUnknownWear } = place;
  const tickets = await ticketsFor({ store, driver: { address }, acceptUnknownWear }, identity);
  const offset = await clockOffset(store, identity);
  let run: RunId | undefined;
  let turn = 0;
  let fired: PulseReport = blankReport(0);
  const append = (orders: readonly JournalledOrder[], ticket: number, verdict: number): Promise<void> =>
    store.appendTurn(run!, {
      tile,
      turn: turn++,
      devices: Uint32Array.of(device),
      conductanceMicrosiemens: Float32Array.of(Number.NaN),
      verdicts: Uint8Array.of(verdict),
      orders,
      firstTicket: ticket,
      newestTicket: ticket,
      fired,
      inside: 0,
      decidedAt: wallTime(),
    });
  return {
    async fire(pulse) {
      run ??= await begin(place, store, address, identity, description, { tile, row, device });
      const { kind, codes, widthNanoseconds, trailingNanoseconds, gateCode } = pulse;
      const code = Uint16Array.of(codes[device]!);
      const order = { kind, codes: code, widthNanoseconds, trailingNanoseconds, gateCode };
      await append([order], ticketOf(pulse, tickets, turn), verdicts.pending);
      const tried = await board.pulse(pulse);
      fired = reportOf(tried, offset);
      return tried;
    },
    async close() {
      if (run === undefined) return undefined;
      await append([], 0, verdicts.unverified);
      await store.endRun(run, "done");
      return run;
    },
  };
}

function begin(
  place: Workplace,
  store: KeptRuns,
  address: string,
  identity: ChipIdentity,
  description: ChipDescription,
  { tile, row, device }: DevicePlace,
): Promise<RunId> {
  const targetsMicrosiemens = new Float32Array(devicesPerRow(identity.geometry)).fill(Number.NaN);
  targetsMicrosiemens[device] = 0;
  return modelOfChip(description).then((model) =>
    store.beginRun(
      {
        title: "pulses by mho check-chip",
        chipName: identity.name,
        chipSerialNumber: identity.serialNumber,
        chipAddress: address,
        method: byHand.name,
        model,
        sweepTimesSeconds: [],
        sweepAverages: 1,
        pulsesPerDevice: usualPulsesPerDevice,
        tiles: [{ block: { tile, rowStart: row, rowCount: 1 }, targetsMicrosiemens }],
        labels: labelled(place, {}).labels,
      },
      identity,
      wallTime(),
      description.document,
    ),
  );
}

/** Rows of zeros have used tickets since the hello; the store counts those of a board without tickets by itself. */
function ticketOf({ ticket }: TriedPulse, { next }: Tickets, turn: number): number {
  return ticket === 0 ? next + turn : ticket;
}

function reportOf(tried: Tried<TriedFate>, offset: number): PulseReport {
  const report = blankReport(1);
  const { notFired, uncertain } = rowFates;
  if (tried.kind !== "answered") {
    report.fates[0] = tried.kind === "refused" ? notFired : uncertain;
    return report;
  }
  const { fate, atMicroseconds } = tried.value;
  report.fates[0] = fate === "fired" ? rowFates.fired : fate === "not fired" ? notFired : uncertain;
  if (fate === "fired") report.rowTimesMicroseconds[0] = atMicroseconds + offset;
  return report;
}

/** What runs add to the chip's own clock; NaN after a reset that no run has seen yet. */
async function clockOffset(store: KeptRuns, identity: ChipIdentity): Promise<number> {
  const mark = await store.newestMark(identity);
  if (mark === undefined) return 0;
  return mark.boot === identity.boot ? mark.offsetMicroseconds : Number.NaN;
}
