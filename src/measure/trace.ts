import { type PulseReport, rowFates } from "../chip/driver.ts";
import type { JournalledOrder, TurnRecord } from "../run/journal.ts";
import { pulsesOfOrder } from "../program/method.ts";
import type { RunPlan } from "../run/plan.ts";
import type { Place } from "./procedure.ts";

/** A pulse of one device, as the journal has it, or a reading without one. */
export interface Step {
  /** Place in the tile's block, row-major. */
  readonly device: number;
  /** What it was given; undefined for a reading alone. Of several pulses in one turn, the last. */
  readonly order: JournalledOrder | undefined;
  readonly code: number;
  /** Pulses of this turn, each cycle of a burst counted as two. */
  readonly pulses: number;
  /** µS, before and after; NaN where nothing was read. */
  readonly before: number;
  readonly after: number;
  /** Whether its last pulse may not have fired. */
  readonly unsure: boolean;
}

/**
 * Walks through what was done to the devices of one tile, in order. The reading after a pulse stands in the next turn that tells of the
 * device.
 */
export function walk(turns: readonly TurnRecord[], tile: number, visit: (step: Step) => void): void {
  const open = new Map<number, Omit<Step, "after" | "unsure"> & { readonly turn: TurnRecord }>();
  let fired: PulseReport | undefined;
  const close = (device: number, after: number): void => {
    const step = open.get(device);
    if (step === undefined) return;
    open.delete(device);
    const { turn: _, ...rest } = step;
    visit({ ...rest, after, unsure: isUnsure(step, fired) });
  };
  for (const turn of turns) {
    if (turn.tile !== tile) continue;
    fired = turn.fired;
    for (let k = 0; k < turn.devices.length; k++) {
      const device = turn.devices[k]!;
      const reading = turn.conductanceMicrosiemens[k]!;
      close(device, reading);
      const given = turn.orders.filter(({ codes }) => codes[k] !== 0);
      const order = given.at(-1);
      if (order === undefined && Number.isNaN(reading)) continue;
      const pulses = given.reduce((sum, one) => sum + pulsesOf(one), 0);
      open.set(device, { device, order, code: order?.codes[k] ?? 0, pulses, before: reading, turn });
    }
  }
  for (const device of open.keys()) close(device, Number.NaN);
}

function pulsesOf(order: JournalledOrder): number {
  return order.iterations ?? pulsesOfOrder(order);
}

function isUnsure({ order }: Pick<Step, "order">, fired: PulseReport | undefined): boolean {
  if (order === undefined || fired === undefined) return false;
  return fired.fates.some((fate) => fate === rowFates.uncertain || fate === rowFates.notFired);
}

/** The devices of a plan that have a target, tile after tile. */
export function placesOf({
  tiles,
}: Pick<RunPlan, "tiles">): { place: Place; tile: number; device: number }[] {
  return tiles.flatMap(({ block, targetsMicrosiemens }) => {
    const perRow = targetsMicrosiemens.length / block.rowCount;
    return Array.from(targetsMicrosiemens.keys()).flatMap((device) =>
      Number.isNaN(targetsMicrosiemens[device]!)
        ? []
        : [
            {
              place: {
                tile: block.tile,
                row: block.rowStart + Math.floor(device / perRow),
                device: device % perRow,
              },
              tile: block.tile,
              device,
            },
          ],
    );
  });
}

/** The verdict that each device of a tile had last, by its place in the block. */
export function lastVerdicts(turns: readonly TurnRecord[], tile: number): Map<number, number> {
  const last = new Map<number, number>();
  for (const turn of turns) {
    if (turn.tile !== tile) continue;
    turn.devices.forEach((device, k) => last.set(device, turn.verdicts[k]!));
  }
  return last;
}
