import { placesOfCodes } from "../chip/codes.ts";
import { MhoError } from "../errors.ts";
import { type Decision, isOpen, pulsesOfOrder } from "../program/method.ts";
import type { TileMemory } from "./journal.ts";
import type { TileTargets } from "./plan.ts";

/**
 * Checks what a method decided before anything of it is written down or fired, whoever wrote the method: its arrays are over the block,
 * nothing is fired at a device that has no target, is settled or has no pulse left, and a method that ends has settled every device.
 *
 * @param pulsesLeft  what each device may still get, of the run's budget and of its own life; what is fired now is taken off.
 *
 * Throws `bad-argument` for a method that is wrong, and `limit-exceeded` for a device that would get a pulse too many.
 */
export function checkDecision(
  method: string,
  { targetsMicrosiemens, block }: TileTargets,
  memory: TileMemory,
  decision: Decision,
  pulsesLeft: Uint32Array,
): void {
  const { verdicts, orders, look, board } = decision;
  const devices = targetsMicrosiemens.length;
  const wrong = (what: string): MhoError =>
    new MhoError(
      "bad-argument",
      `The method ${method} is wrong: ${what}, on tile ${block.tile}. Nothing of this turn was fired; mend the method.`,
      { method, tile: block.tile },
    );
  const long = (what: string, length: number, expected: number): void => {
    if (length !== expected) throw wrong(`it gave ${length} ${what} for ${expected}`);
  };
  long("verdicts for its devices", verdicts.length, devices);
  for (const { codes } of orders) long("codes of an order", codes.length, devices);
  if (board !== undefined) long("targets of the board's loop", board.targetsMicrosiemens.length, devices);
  if (look.kind === "read") long("rows to look at", look.rows.length, block.rowCount);
  if (look.kind === "done" && verdicts.some(isOpen))
    throw wrong("it ended with devices that have no verdict");
  const spend = (i: number, pulses: number): void => {
    if (Number.isNaN(targetsMicrosiemens[i]!)) throw wrong(`it fires at device ${i}, which has no target`);
    if (!isOpen(memory.verdicts[i]!)) throw wrong(`it fires at device ${i}, which has its verdict`);
    if (pulsesLeft[i]! < pulses) throw spent(method, block.tile, i);
    pulsesLeft[i]! -= pulses;
  };
  const [first] = orders;
  for (const order of orders) {
    const pulses = pulsesOfOrder(order);
    // The journal counts the pulses of a turn by those of its first order.
    if (pulses !== pulsesOfOrder(first!)) throw wrong("it gave bursts of different lengths in one turn");
    for (const i of placesOfCodes(order.codes)) spend(i, pulses);
  }
  if (board === undefined) return;
  board.targetsMicrosiemens.forEach((target, i) => {
    if (!Number.isNaN(target)) spend(i, board.iterations);
  });
}

function spent(method: string, tile: number, device: number): MhoError {
  return new MhoError(
    "limit-exceeded",
    `The method ${method} wants to fire at device ${device} of tile ${tile}, which has no pulse left: its budget in this run, or the ` +
      "pulses that the chip's description allows it in its life, are spent. Nothing of this turn was fired. " +
      "A method must heed task.pulsesLeft.",
    { method, tile, device },
  );
}
