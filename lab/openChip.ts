import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { connectInProcess } from "../drivers/inProcess.ts";
import type { ConnectedDriver } from "../drivers/reconnectingDriver.ts";
import { openSerial } from "../drivers/serial.ts";
import { openTcp } from "../drivers/tcp.ts";
import { systemClock } from "../drivers/systemClock.ts";
import { serialNumberOf } from "../emulator/board.ts";
import { findPreset, presetNames } from "../emulator/presets.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import type { TechnologyFile } from "../files/technologies/technologyFile.ts";
import type { StandbyHandler } from "../locks/channel.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import { devicesPerRow } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";
import { type Log, type LogFields, noLog } from "../src/log.ts";
import { type ChipAddress, withParameters } from "./address.ts";
import { emulatedChip } from "./dialects.ts";
import type { Transport } from "../drivers/transport.ts";
import { keepChip, stateFileOf } from "./keptChip.ts";
import { openRecorder } from "./transcriptFile.ts";
import { packageRoot } from "./packageRoot.ts";
import { wallTime } from "./wallTime.ts";

/** Opens a chip by its address. Nothing has been said to it yet: `identify` comes first. */
export async function openChip(
  address: ChipAddress,
  {
    seed,
    record,
    workspace,
    technologies,
    description: given,
    mayBeUnnamed = false,
    onStandbyAsked,
    log = noLog,
    onConnected,
  }: ChipOptions,
): Promise<ConnectedDriver> {
  if (!mayBeUnnamed) refuseUnnamed(address);
  const description =
    given === undefined ? await describeChip(address, technologies) : withAddress(given, address);
  const session = randomInt(1, 0xffffffff);
  const line = await openLine(address, description, { seed, workspace, onStandbyAsked });
  const transport = record?.(line) ?? line;
  const connection = {
    chip: description.name,
    port: transport.port,
    dialect: address.dialect.name,
    session,
  };
  const { serialNumber = emulatedNumber(address, seed) } = address;
  const options = { address: address.text, description, session, serialNumber, log: log.child(connection) };
  const driver = address.dialect.open(transport, options);
  onConnected?.(driver, connection);
  return driver;
}

/** Records of two chips must not mix: where boards say no serial number, a person names the chip. */
function refuseUnnamed(address: ChipAddress): void {
  const { scheme, dialect, serialNumber } = address;
  if (scheme === "emulator" || serialNumber !== undefined) return;
  if (dialect.lacks?.includes("serialNumber") !== true) return;
  const named = withParameters(address, { serial: "NAME" });
  throw new MhoError(
    "bad-argument",
    `A board of the dialect ${dialect.name} says no serial number, so the chip in it needs a name of yours: ${named}. ` +
      "Write the name on the chip's package: records of the workspace are kept by it.",
    { address: address.text },
  );
}

function emulatedNumber(
  { scheme, seed, target, ...conditions }: ChipAddress,
  usualSeed: number,
): string | undefined {
  if (scheme !== "emulator") return undefined;
  const preset = findPreset(target, conditions);
  return preset && serialNumberOf(preset, seed ?? usualSeed);
}

/** The chip that a command is to work on. Throws `bad-argument` when none is named. */
export function chipNamed({
  chip,
  usual,
}: {
  readonly chip?: string | undefined;
  /** That of the config file. */
  readonly usual?: string | undefined;
}): string {
  const text = chip ?? process.env["MHO_CHIP"] ?? usual;
  if (text !== undefined) return text;
  throw new MhoError(
    "bad-argument",
    "No chip was named. Give --chip, such as --chip serial:/dev/ttyACM0, set MHO_CHIP, or set defaults.chip in mho.config.json.",
  );
}

/** What opening a chip takes. */
export interface ChipOptions {
  readonly seed: number;
  /** Those that a description may name (the built-in ones). */
  readonly technologies?: readonly TechnologyFile[];
  /** That of the address where none is given. */
  readonly description?: ChipDescription | undefined;
  readonly record?: (line: Transport) => Transport;
  /** Where emulated chips are kept between commands; a chip ends with its command when not given. */
  readonly workspace?: string | undefined;
  readonly log?: Log | undefined;
  /** Told of the connection, as the log names it. */
  readonly onConnected?: (driver: ConnectedDriver, connection: LogFields) => void;
  /** Whether the chip may be opened without a serial number or a name for it: to make it safe. */
  readonly mayBeUnnamed?: boolean;
  /** Heard for as long as the chip's port is open: another process asks for its safe state. */
  readonly onStandbyAsked?: StandbyHandler | undefined;
}

/** What records every byte of a chip's lines in a file; undefined where none is named. */
export function openRecorderFor(
  address: ChipAddress,
  transcript: string | undefined,
): ChipOptions["record"] | undefined {
  return transcript === undefined ? undefined : openRecorder(transcript, address, wallTime());
}

function openLine(
  address: ChipAddress,
  description: ChipDescription,
  { seed, workspace, onStandbyAsked }: Pick<ChipOptions, "seed" | "workspace" | "onStandbyAsked">,
): Promise<Transport> {
  switch (address.scheme) {
    case "serial":
      return openSerial(address.target, address.baud ?? description.line.baud, {
        onStandbyAsked,
        parity: address.dialect.parity,
      });
    case "tcp":
      return openTcp(address.target, { onStandbyAsked });
    case "emulator":
      return Promise.resolve(emulated(address, description, seed, workspace));
  }
}

/** The chips whose descriptions come with mho. */
export const builtInChips: readonly string[] = presetNames;

/** The description of the chip that an address names: of its preset, or a file of the user's own. */
export async function describeChip(
  address: ChipAddress,
  technologies?: readonly TechnologyFile[],
): Promise<ChipDescription> {
  const usual = address.scheme === "emulator" ? address.target : (address.dialect.usualChip ?? "pcm-64");
  const name = address.chip ?? usual;
  const builtIn = (presetNames as readonly string[]).includes(name);
  if (!builtIn && !/[./\\]/.test(name)) {
    throw new MhoError(
      "bad-argument",
      `There is no chip ${name}. Known are ${presetNames.join(", ")}. A description of your own is named by ?chip=FILE.json.`,
    );
  }
  const path = builtIn ? fileURLToPath(new URL(`chips/${name}.json`, packageRoot)) : name;
  const description = await readChipDescription(path, technologies);
  const tiles = address.tiles ?? description.geometry.tiles;
  return withAddress({ ...description, geometry: { ...description.geometry, tiles } }, address);
}

/** What an address says of its board counts for more than the description: the line's rate, and how slow it is. */
function withAddress(description: ChipDescription, address: ChipAddress): ChipDescription {
  const { baud = description.line.baud, deviceMilliseconds } = address;
  const line = { ...description.line, baud };
  // The description of an emulated chip may be wrong of it: that is how it is tried out.
  const named = address.scheme === "emulator" && address.chip !== undefined;
  if (deviceMilliseconds === undefined || named) return { ...description, line };
  const row = Math.round(1000 * deviceMilliseconds * devicesPerRow(description.geometry));
  const timing = { ...description.timing, readRowMicroseconds: row, pulseRowMicroseconds: row };
  return { ...description, line, timing };
}

function emulated(
  address: ChipAddress,
  description: ChipDescription,
  seed: number,
  workspace: string | undefined,
): Transport {
  const preset = findPreset(address.target, { ...address, tiles: description.geometry.tiles });
  if (preset === undefined) {
    throw new MhoError(
      "bad-argument",
      `There is no emulator ${address.target}. Known are ${presetNames.join(", ")}.`,
    );
  }
  const firmware = emulatedChip(address.dialect, preset, address.seed ?? seed);
  const file = workspace === undefined ? undefined : stateFileOf(address, workspace, seed);
  const switchOff = file === undefined ? undefined : keepChip(firmware, file, address.text);
  const [begun, opened] = [firmware.history.chipTimeMicroseconds, systemClock.nowMicroseconds()];
  const goesByItself = address.dialect.lacks?.includes("virtualTime") === true;
  const line = connectInProcess({
    receive(bytes) {
      const now = systemClock.nowMicroseconds();
      // Time that no host can move would stand still.
      if (goesByItself) firmware.follow(begun + now - opened);
      return firmware.receive(bytes, now);
    },
  });
  return {
    ...line,
    async close() {
      await line.close();
      switchOff?.();
    },
  };
}
