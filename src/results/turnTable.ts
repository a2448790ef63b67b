import { rowFates } from "../chip/driver.ts";
import { verdictNames, verdicts as verdictCodes } from "../program/method.ts";
import { emptyMemory, type TurnRecord, tileOfEntry } from "../run/journal.ts";
import type { RunPlan } from "../run/plan.ts";
import type { RunId, RunReader } from "../run/store.ts";

/** One turn of a tile, and what became of its pulses. */
export interface TurnTable {
  readonly turn: TurnRecord;
  /** Undefined where no turn followed that would tell of it. */
  readonly after: TurnRecord | undefined;
  readonly rowStart: number;
  readonly rowCount: number;
  readonly devicesPerRow: number;
  /** A row of the table each: a place in `turn.devices`, and the order whose pulse it was to get; -1 for none. */
  readonly entries: readonly (readonly [place: number, order: number])[];
}

/** Every turn of a run, in the order in which their successors on the same tile came. */
export async function* turnTables(
  store: RunReader,
  run: RunId,
  { tiles }: RunPlan,
): AsyncIterable<TurnTable> {
  const known = new Map(
    tiles.map(({ block, targetsMicrosiemens }) => [
      block.tile,
      emptyMemory(block, targetsMicrosiemens.length / block.rowCount),
    ]),
  );
  const open = new Map<number, TurnRecord>();
  const tableOf = (turn: TurnRecord, after: TurnRecord | undefined): TurnTable => {
    const { block, devicesPerRow } = tileOfEntry(known, turn.tile, run);
    const { rowStart, rowCount } = block;
    return { turn, after, rowStart, rowCount, devicesPerRow, entries: entriesOf(turn) };
  };
  for await (const turn of store.turns(run)) {
    const before = open.get(turn.tile);
    if (before !== undefined) yield tableOf(before, turn);
    open.set(turn.tile, turn);
  }
  for (const turn of open.values()) yield tableOf(turn, undefined);
}

/** Without devices that are left alone, neither read nor pulsed. */
function entriesOf({ devices, orders, verdicts, conductanceMicrosiemens }: TurnRecord): [number, number][] {
  return Array.from(devices, (_, place) => {
    const given = orders.flatMap(({ codes }, order): [number, number][] =>
      codes[place] === 0 ? [] : [[place, order]],
    );
    if (given.length > 0) return given;
    const nothing = verdicts[place] === leftAlone && Number.isNaN(conductanceMicrosiemens[place]);
    return nothing ? [] : [[place, -1] satisfies [number, number]];
  }).flat();
}

const { leftAlone } = verdictCodes;

export const turnColumns = [
  ["turn", "", "0 for the first of its tile"],
  ["tile", "", ""],
  ["row", "", "of cells, in the tile"],
  ["line", "", "device of the row: column × devices a cell + device"],
  ["conductance_microsiemens", "µS", "as the turn saw it; empty where it was not read"],
  ["verdict", "", "by name, as in docs/programming.md"],
  ["order", "", "which of the turn's orders, 0 for the first; empty where no pulse was due"],
  ["ticket", "", "of the row's pulse, shared by its devices; empty likewise"],
  ["kind", "", "of pulse: reset, set or on-board; empty likewise"],
  ["code", "", "of the amplitude; 1 for a loop of the board's own"],
  ["width_nanoseconds", "ns", ""],
  ["trailing_nanoseconds", "ns", ""],
  ["gate_code", "", "of the select transistors; 0 for the usual voltage"],
  ["cycles", "", "of a burst: so often the pulse and its counterpart; 1 for a single pulse"],
  ["fate", "", "fired, not fired or uncertain; empty where no turn followed that tells"],
  ["fired_at_microseconds", "µs", "chip time of the pulse; empty where it is not known"],
  ["decided_at", "", "wall time, UTC, ISO 8601"],
] as const;

export type TurnColumn = (typeof turnColumns)[number][0];

const fateNames = Object.fromEntries([
  [rowFates.fired, "fired"],
  [rowFates.notFired, "not fired"],
  [rowFates.uncertain, "uncertain"],
]) as Readonly<Record<number, string>>;

/** A cell of a row of the table; NaN or an empty text where it is empty. */
export function turnValue(table: TurnTable, entry: number, column: TurnColumn): number | string {
  const { turn, after, rowStart, rowCount, devicesPerRow, entries } = table;
  const [place, number] = entries[entry]!;
  const device = turn.devices[place]!;
  const row = Math.floor(device / devicesPerRow);
  const order = turn.orders[number];
  switch (column) {
    case "turn":
      return turn.turn;
    case "tile":
      return turn.tile;
    case "row":
      return rowStart + row;
    case "line":
      return device % devicesPerRow;
    case "conductance_microsiemens":
      return Number(turn.conductanceMicrosiemens[place]!.toPrecision(7));
    case "verdict":
      return verdictNames[turn.verdicts[place]!]!;
    case "order":
      return order === undefined ? Number.NaN : number;
    case "ticket":
      return order === undefined ? Number.NaN : turn.firstTicket + number * rowCount + row;
    case "kind":
      return order?.kind ?? "";
    case "code":
      return order?.codes[place] ?? Number.NaN;
    case "width_nanoseconds":
      return order?.widthNanoseconds ?? Number.NaN;
    case "trailing_nanoseconds":
      return order?.trailingNanoseconds ?? Number.NaN;
    case "gate_code":
      return order?.gateCode ?? Number.NaN;
    case "cycles":
      return order === undefined ? Number.NaN : (order.burst?.cycles ?? 1);
    case "fate":
      return order === undefined ? "" : (fateNames[after?.fired.fates[number * rowCount + row] ?? 0] ?? "");
    case "fired_at_microseconds":
      return order === undefined
        ? Number.NaN
        : (after?.fired.rowTimesMicroseconds[number * rowCount + row] ?? Number.NaN);
    case "decided_at":
      return turn.decidedAt;
  }
}
