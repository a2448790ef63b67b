import { rowFates } from "../chip/driver.ts";
import type { JournalledOrder, TurnRecord } from "../run/journal.ts";
import { pulsesOfOrder } from "../program/method.ts";
import type { RunPlan, TileTargets } from "../run/plan.ts";
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
 * device, and what became of it in the next turn of the tile: pulses that did not fire are none.
 */
export function walk(turns: readonly TurnRecord[], tile: TileTargets, visit: (step: Step) => void): void {
  const { block } = tile;
  const perRow = tile.targetsMicrosiemens.length / block.rowCount;
  const open = new Map<number, OpenStep>();
  let told: OpenStep[] = [];
  const close = (device: number, after: number): void => {
    const step = open.get(device);
    if (step === undefined) return;
    open.delete(device);
    const given = step.given.filter(({ fate }) => fate !== rowFates.notFired);
    const last = given.at(-1)?.order;
    if (last === undefined && Number.isNaN(step.before) && step.given.length > 0) return;
    visit({
      device,
      order: last,
      code: last?.codes[step.place] ?? 0,
      pulses: given.reduce((sum, { order }) => sum + pulsesOf(order), 0),
      before: step.before,
      after,
      unsure: step.given.some(({ fate }) => fate === rowFates.uncertain || fate === rowFates.notFired),
    });
  };
  for (const turn of turns) {
    if (turn.tile !== block.tile) continue;
    const { fates } = turn.fired;
    if (fates.length > 0) for (const step of told) learnFates(step, fates, perRow, block.rowCount);
    told = [];
    for (let place = 0; place < turn.devices.length; place++) {
      const device = turn.devices[place]!;
      const before = turn.conductanceMicrosiemens[place]!;
      close(device, before);
      const given = turn.orders.flatMap((order, at): Given[] =>
        order.codes[place] === 0 ? [] : [{ order, at, fate: undefined }],
      );
      if (given.length === 0 && Number.isNaN(before)) continue;
      const step = { device, place, before, given };
      open.set(device, step);
      told.push(step);
    }
  }
  for (const device of open.keys()) close(device, Number.NaN);
}

/** A device between two readings. */
interface OpenStep {
  readonly device: number;
  /** Its place in the turn's arrays. */
  readonly place: number;
  readonly before: number;
  readonly given: Given[];
}

interface Given {
  readonly order: JournalledOrder;
  /** Place of the order in its turn. */
  readonly at: number;
  /** One of `rowFates`; undefined where the journal does not tell. */
  fate: number | undefined;
}

/** Fates stand order after order, a row each. */
function learnFates({ device, given }: OpenStep, fates: Uint8Array, perRow: number, rows: number): void {
  const row = Math.floor(device / perRow);
  for (const one of given) one.fate = fates[one.at * rows + row];
}

function pulsesOf(order: JournalledOrder): number {
  return order.iterations ?? pulsesOfOrder(order);
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
