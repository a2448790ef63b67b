import type { ChannelMap } from "../../src/chip/channels.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import { devicesPerRow, formatGeometry } from "../../src/chip/geometry.ts";
import { MhoError } from "../../src/errors.ts";
import type { AskedLine } from "./askedLine.ts";
import { plain } from "../linkErrors.ts";

/**
 * A switch matrix of the 3706A or 707B kind between the instrument and an array. Of each device the channels of its row and of its
 * column are closed, and nothing else; what is closed is asked for before anything is sourced.
 */
export class SwitchMatrix {
  readonly #line: AskedLine;
  readonly #map: ChannelMap;
  readonly #address: string;
  #closed: string | undefined;

  constructor(line: AskedLine, map: ChannelMap, address: string) {
    this.#line = line;
    this.#map = map;
    this.#address = address;
  }

  async select(row: number, device: number, still: () => void): Promise<void> {
    const wanted = [...new Set([...this.#map.rows[row]!, ...this.#map.columns[device]!])].toSorted();
    const list = wanted.join(",");
    if (this.#closed === list) return;
    this.#closed = undefined;
    const closed = await this.#line.ask(
      `channel.open("allslots")\nchannel.close("${list}")\n${questions.closed}`,
      { still, boardMicroseconds: relayMicroseconds },
    );
    this.#expect(closed, wanted);
    this.#closed = list;
  }

  async openAll(): Promise<void> {
    this.#closed = undefined;
    const closed = await this.#line.ask(`channel.open("allslots")\n${questions.closed}`, {
      boardMicroseconds: relayMicroseconds,
    });
    this.#expect(closed, []);
  }

  #expect(answer: string, wanted: readonly string[]): void {
    const closed = answer.trim() === "nil" ? [] : answer.trim().split(/[;,]/).toSorted();
    if (closed.join() === wanted.join()) return;
    const said = closed.length === 0 ? "none" : closed.join(", ");
    throw new MhoError(
      "chip-refused",
      `The switch of ${this.#address} has other channels closed than it was told: ${plain(said)} instead of ` +
        `${wanted.join(", ") || "none"}. Nothing was sourced. Check the channel map against its cards.`,
      { address: this.#address },
    );
  }
}

const questions = { closed: 'print(channel.getclose("allslots"))' };
const relayMicroseconds = 100_000;

/** Throws `bad-argument` where an address and a chip do not fit: several devices need a switch, and a map with a channel for each. */
export function refuseUnreachable(
  address: string,
  { name, geometry }: ChipDescription,
  isSwitched: boolean,
  map: ChannelMap | undefined,
): void {
  const perRow = devicesPerRow(geometry);
  const single = geometry.tiles * geometry.rows * perRow === 1;
  const reason =
    isSwitched !== (map !== undefined)
      ? "switch and channels belong together: the line of the switch, and the file with its channels"
      : map === undefined
        ? single
          ? undefined
          : `chip ${name} has ${formatGeometry(geometry)}, and a source-measure unit reaches several devices by a switch only. ` +
            "Add &switch=tcp:HOST:PORT&channels=FILE.json, or name the description of one device: ?chip=smu-device"
        : geometry.tiles !== 1 || map.rows.length !== geometry.rows || map.columns.length !== perRow
          ? `its channel map is for ${map.rows.length} rows of ${map.columns.length} devices, and chip ${name} has ${formatGeometry(geometry)}`
          : undefined;
  if (reason === undefined) return;
  throw new MhoError("bad-argument", `The chip address ${address} cannot be used: ${reason}.`, { address });
}
