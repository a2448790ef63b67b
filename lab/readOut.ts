import { extname } from "node:path";
import {
  type BlockReadOut,
  type ReadOutFormat,
  readOutColumns,
  readOutFormats,
  writeReadOut,
} from "../files/writeReadOut.ts";
import { refuseNoFolder, writeWholeBy } from "../files/writeWhole.ts";
import { type ChipGeometry, devicesPerRow } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";
import { type RowsReadEvent, rowsRead } from "../src/run/events.ts";
import { readInSteps, rowMicroseconds, type RowsRead } from "../src/run/longRead.ts";
import { microsecondsPerSecond } from "../src/units.ts";
import { writeAbout } from "./aboutTable.ts";
import { patience, type Session } from "./session.ts";
import { version } from "./version.ts";
import type { Workplace } from "./workplace.ts";

export interface ReadOutOptions {
  /** Addresses; the bench's chip where none is given. They are read one after the other. */
  readonly chips?: readonly string[] | undefined;
  /** All where nothing is said. */
  readonly tile?: number | undefined;
  readonly row?: number | undefined;
  /** Number of a device in its row: column × devices a cell + device. Needs `row`. */
  readonly device?: number | undefined;
  /** Reads that the chip averages (1). */
  readonly averages?: number | undefined;
  /** V over the devices; the board's usual voltage where not given. */
  readonly readVolts?: number | undefined;
  /** A file that ends in .csv, .npy or .parquet; nothing is written where none is given. */
  readonly out?: string | undefined;
}

/** What was read, a block each: a tile of a chip, or the rows of it that were asked for. */
export interface ReadOut {
  readonly blocks: readonly BlockReadOut[];
  readonly file: string | undefined;
}

const advice = "Name another file with --out.";

/** Reads devices, rows, tiles or whole chips, and writes the table. No pulse is fired, and nothing is kept in the workspace. */
export async function readOut(place: Workplace, options: ReadOutOptions): Promise<ReadOut> {
  const { chips = [place.chip], out } = options;
  const format = out === undefined ? undefined : formatOf(out);
  if (format === "npy" && chips.length > 1) {
    throw new MhoError(
      "bad-argument",
      `--out ${out}: an array holds the tiles of one chip, and ${chips.length} are to be read. Use .csv or .parquet.`,
      { file: out! },
    );
  }
  if (out !== undefined) await refuseNoFolder(out, advice);
  const blocks: BlockReadOut[] = [];
  for (const chip of chips) {
    const session = await place.session(await place.chipNamed(chip));
    blocks.push(...(await readChip(session, chip, options, place.emit)));
  }
  if (out === undefined || format === undefined) return { blocks, file: undefined };
  const header = { what: "a reading without a pulse", software: `mho ${version}` };
  await writeWholeBy(out, advice, (draft) => writeReadOut(draft, format, header, blocks));
  if (format === "csv") await writeAbout(out, header, readOutColumns);
  return { blocks, file: out };
}

function readChip(
  session: Session,
  address: string,
  { tile, row, device, averages = 1, readVolts }: ReadOutOptions,
  emit: (event: RowsReadEvent) => void,
): Promise<BlockReadOut[]> {
  return session.work(
    patience.programMilliseconds,
    async ({ driver, stop }, { name, serialNumber, geometry }) => {
      refusePlace(address, geometry, { tile, row, device });
      const tiles = tile === undefined ? Array.from({ length: geometry.tiles }, (_, t) => t) : [tile];
      const blocks: BlockReadOut[] = [];
      const refuseStopped = (): Promise<void> =>
        stop.requested
          ? Promise.reject(
              new MhoError("interrupted", `The reading of ${address} was stopped. Nothing was written.`),
            )
          : Promise.resolve();
      for (const one of tiles) {
        await refuseStopped();
        const block =
          row === undefined
            ? { tile: one, rowStart: 0, rowCount: geometry.rows }
            : { tile: one, rowStart: row, rowCount: 1 };
        const tell = (rows: RowsRead): void => emit(rowsRead(null, one, rows));
        const left = (block.rowCount * rowMicroseconds(driver.description, averages)) / microsecondsPerSecond;
        if (left * tiles.length > toldSeconds) tell({ read: 0, of: block.rowCount, leftSeconds: left });
        const beforeStep = (rows: RowsRead): Promise<void> => {
          if (rows.read > 0) tell(rows);
          return refuseStopped();
        };
        const reading = await readInSteps(driver, block, averages, undefined, beforeStep, readVolts);
        blocks.push({ chip: name, serialNumber, block, device, reading });
      }
      await driver.standby();
      return blocks;
    },
  );
}

/** What takes less is not told of. */
const toldSeconds = 2;

/** Throws `bad-argument` for a tile, a row or a device that a chip does not have. */
export function refusePlace(
  address: string,
  geometry: ChipGeometry,
  {
    tile,
    row,
    device,
  }: {
    readonly tile?: number | undefined;
    readonly row?: number | undefined;
    readonly device?: number | undefined;
  },
): void {
  const most = { tile: geometry.tiles - 1, row: geometry.rows - 1, device: devicesPerRow(geometry) - 1 };
  for (const [name, value] of Object.entries({ tile, row, device }) as [
    keyof typeof most,
    number | undefined,
  ][]) {
    if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= most[name])) continue;
    throw new MhoError(
      "bad-argument",
      `There is no ${name} ${value} on ${address}: it has ${name}s 0 to ${most[name]}${name === "device" ? " in each row" : ""}.`,
      { address, [name]: value },
    );
  }
  if (device !== undefined && row === undefined)
    throw new MhoError("bad-argument", `Device ${device} is a place in a row. Give its row too: --row.`);
}

function formatOf(out: string): ReadOutFormat {
  const ending = extname(out).slice(1).toLowerCase();
  const format = readOutFormats.find((one) => one === ending);
  if (format !== undefined) return format;
  throw new MhoError(
    "bad-argument",
    `--out ${out}: give a name that ends in ${readOutFormats.map((one) => `.${one}`).join(", ")}.`,
    { file: out },
  );
}
