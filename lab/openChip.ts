import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { connectInProcess } from "../drivers/inProcess.ts";
import type { DriverOptions } from "../drivers/dialect.ts";
import type { ConnectedDriver } from "../drivers/reconnectingDriver.ts";
import { openSerial } from "../drivers/serial.ts";
import { openTcp } from "../drivers/tcp.ts";
import type { SelfDescription } from "../drivers/selfDescription.ts";
import { systemClock } from "../drivers/systemClock.ts";
import type { Firmware } from "../emulator/firmware.ts";
import { serialNumberOf } from "../emulator/board.ts";
import { chipNames, findPreset, presetNames } from "../emulator/presets.ts";
import { readChannelMap } from "../files/channelMap.ts";
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
import { boardOf, emulatedDescription, refuseContradictions } from "./selfDescription.ts";
import { packageRoot } from "./packageRoot.ts";

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
    onDescribed,
    isKept = false,
  }: ChipOptions,
): Promise<ConnectedDriver> {
  if (!mayBeUnnamed) refuseUnnamed(address);
  // What is only put in standby needs no pulse.
  const limits = mayBeUnnamed ? "any" : "fit";
  const description =
    given === undefined ? await describeChip(address, technologies, limits) : withAddress(given, address);
  const session = randomInt(1, 0xffffffff);
  const { line, ...beside } = await openLines(address, description, { seed, workspace, onStandbyAsked });
  const transport = record?.(line) ?? line;
  const connection = {
    chip: description.name,
    port: transport.port,
    dialect: address.dialect.name,
    session,
  };
  const { serialNumber = emulatedNumber(address, seed) } = address;
  const { document } = description;
  const compare = (said: SelfDescription): void => {
    // An emulated board in this process says what its description says.
    if (document === undefined || address.scheme === "emulator") return;
    const given = address.chip ?? "that the board gave before";
    const from = `The description ${isKept ? "that the run kept" : given}`;
    // Deadlines may change between runs; an address may say how slow a board is.
    const isFree = isKept || address.deviceMilliseconds !== undefined;
    const leaveOut = isFree ? ["timing", "watchdog_seconds"] : [];
    refuseContradictions(said.text, { document, address: address.text, from, leaveOut });
  };
  const { mostMicroamperes, powerLineCycles } = address;
  const options = {
    ...beside,
    address: address.text,
    description,
    session,
    serialNumber,
    mostMicroamperes,
    powerLineCycles,
    log: log.child(connection),
    onDescribed: onDescribed === "not asked" ? undefined : (onDescribed ?? compare),
  };
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
  /** Whether that is a run's, of an earlier day. */
  readonly isKept?: boolean;
  readonly record?: (line: Transport) => Transport;
  /** Where emulated chips are kept between commands; a chip ends with its command when not given. */
  readonly workspace?: string | undefined;
  readonly log?: Log | undefined;
  /**
   * Told what the board says of itself. Where nothing is given, a description that contradicts it is refused; a board that is to be made safe
   * is not asked.
   */
  readonly onDescribed?: ((said: SelfDescription) => void) | "not asked" | undefined;
  /** Told of the connection, as the log names it. */
  readonly onConnected?: (driver: ConnectedDriver, connection: LogFields) => void;
  /** Whether the chip may be opened without a serial number or a name for it: to make it safe. */
  readonly mayBeUnnamed?: boolean;
  /** Heard for as long as the chip's port is open: another process asks for its safe state. */
  readonly onStandbyAsked?: StandbyHandler | undefined;
}

/** The chip's line alone. */
export async function openLine(
  address: ChipAddress,
  description: ChipDescription,
  options: Pick<ChipOptions, "seed" | "workspace" | "onStandbyAsked">,
): Promise<Transport> {
  return (await openLines(address, description, options)).line;
}

/** The chip's line, and what stands beside it. */
type Lines = { readonly line: Transport } & Pick<DriverOptions, "switchLine" | "channels">;

async function openLines(
  address: ChipAddress,
  description: ChipDescription,
  { seed, workspace, onStandbyAsked }: Pick<ChipOptions, "seed" | "workspace" | "onStandbyAsked">,
): Promise<Lines> {
  if (address.scheme === "emulator") return emulated(address, description, seed, workspace);
  const { baud } = description.line;
  // A file that cannot be read is told of before a port is opened.
  const channels = address.channels === undefined ? undefined : await readChannelMap(address.channels);
  const open = ({ scheme, target }: NonNullable<ChipAddress["switchLine"]>): Promise<Transport> =>
    scheme === "serial"
      ? openSerial(target, address.baud ?? baud, { onStandbyAsked, parity: address.dialect.parity })
      : openTcp(target, { onStandbyAsked });
  const line = await open({ scheme: address.scheme, target: address.target });
  if (address.switchLine === undefined) return { line, channels };
  try {
    return { line, channels, switchLine: await open(address.switchLine) };
  } catch (error) {
    await line.close();
    throw error;
  }
}

/** The chips whose descriptions come with mho. */
export const builtInChips: readonly string[] = chipNames;

/** The description of the chip that an address names: of its preset, or a file of the user's own. */
export async function describeChip(
  address: ChipAddress,
  technologies?: readonly TechnologyFile[],
  limits?: "fit" | "any",
): Promise<ChipDescription> {
  const emulated = address.scheme === "emulator";
  if (emulated && !presetNames.includes(address.target)) throw noEmulator(address.target);
  const usual = emulated ? findPreset(address.target)!.name : (address.dialect.usualChip ?? "pcm-64");
  const name = address.chip ?? usual;
  const builtIn = builtInChips.includes(name);
  if (!builtIn && !/[./\\]/.test(name)) {
    throw new MhoError(
      "bad-argument",
      `There is no chip ${name}. Known are ${builtInChips.join(", ")}. A description of your own is named by ?chip=FILE.json.`,
    );
  }
  const path = builtIn ? fileURLToPath(new URL(`chips/${name}.json`, packageRoot)) : name;
  const description = await readChipDescription(path, technologies, limits);
  const tiles = address.tiles ?? description.geometry.tiles;
  return withAddress({ ...description, geometry: { ...description.geometry, tiles } }, address);
}

/** What an address says of its board counts for more than the description: the line's rate, and how slow it is. */
export function withAddress(description: ChipDescription, address: ChipAddress): ChipDescription {
  const { baud = description.line.baud, deviceMilliseconds } = address;
  const line = { ...description.line, baud };
  // The description of an emulated chip may be wrong of it: that is how it is tried out.
  const named = address.scheme === "emulator" && address.chip !== undefined;
  if (deviceMilliseconds === undefined || named) return { ...description, line };
  const row = Math.round(1000 * deviceMilliseconds * devicesPerRow(description.geometry));
  const timing = { ...description.timing, readRowMicroseconds: row, pulseRowMicroseconds: row };
  return { ...description, line, timing };
}

function noEmulator(name: string): MhoError {
  return new MhoError(
    "bad-argument",
    `There is no emulator ${name}. Known are ${presetNames.join(", ")}. To emulate a chip that a file describes, name the devices that ` +
      `are most like its own: emulator:${presetNames[0]}?chip=FILE.json.`,
    { preset: name },
  );
}

/** The emulated board of an address. Throws `bad-argument` for a preset that there is not. */
export function emulatedFirmware(address: ChipAddress, description: ChipDescription, seed: number): Firmware {
  const { geometry, document } = description;
  const found = findPreset(address.target, { ...address, tiles: geometry.tiles });
  if (found === undefined) throw noEmulator(address.target);
  const preset = boardOf(found, description);
  const describes = document !== undefined && address.describes !== "none";
  const own = describes ? emulatedDescription(document, preset) : undefined;
  return emulatedChip(address.dialect, preset, address.seed ?? seed, own);
}

function emulated(
  address: ChipAddress,
  description: ChipDescription,
  seed: number,
  workspace: string | undefined,
): Lines {
  const firmware = emulatedFirmware(address, description, seed);
  const file = workspace === undefined ? undefined : stateFileOf(address, workspace, seed, description.name);
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
  const kept = {
    ...line,
    async close() {
      await line.close();
      switchOff?.();
    },
  };
  const { beside } = firmware;
  if (beside === undefined) return { line: kept };
  return { line: kept, switchLine: connectInProcess(beside), channels: beside.channels };
}
