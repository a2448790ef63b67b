import { fileURLToPath } from "node:url";
import type { Beside } from "../../emulator/firmware.ts";
import { packageRoot } from "../packageRoot.ts";
import { readlinkSync, rmSync, symlinkSync } from "node:fs";
import { drawFaults, type FaultRecord, noFaults, placeMissing } from "../../emulator/faults.ts";
import { FaultyLine } from "../../emulator/faultyLine.ts";
import { findPreset, type Preset, presetNames } from "../../emulator/presets.ts";
import { openPty } from "../../emulator/pty.ts";
import type { ServedLine } from "../../emulator/servedLine.ts";
import { openTcpLine, type TcpLineTexts } from "../../emulator/tcpLine.ts";
import { readFaults } from "../../files/faults.ts";
import { systemClock } from "../../drivers/systemClock.ts";
import { MhoError } from "../../src/errors.ts";
import { parseAddress } from "../address.ts";
import { builtInDialects, dialectNamed, emulatedChip, type LabDialect } from "../dialects.ts";
import { describeChip } from "../openChip.ts";
import { emulatedDescription, keepingLimits } from "../selfDescription.ts";
import type { Firmware } from "../../emulator/firmware.ts";
import { firmwareNamed } from "../firmware/firmwares.ts";
import { openControl } from "./control.ts";
import { serveChip } from "./serveChip.ts";

export interface EmulateOptions {
  readonly seed: number;
  /** What the chip speaks, by name; the first of `dialects` where neither this nor the preset says. */
  readonly dialect?: string | undefined;
  /** Dialects that may be named (the built-in ones). */
  readonly dialects?: readonly LabDialect[] | undefined;
  /** Whose machine code answers, by name: `rp2040`. The emulator's own firmware where not given. */
  readonly firmware?: string | undefined;
  /** A symbolic link that always names the pseudo-terminal. */
  readonly link?: string | undefined;
  /** Serve on loopback TCP instead; 0 for any free port. */
  readonly tcpPort?: number | undefined;
  /** What goes wrong: a record's file, or the seed of one. */
  readonly faults?: string | undefined;
  /** Chip time goes by itself, so much faster than the clock; else it is virtual. */
  readonly timeScale?: number | undefined;
  /** Whether answers take the line's own time. */
  readonly pace: boolean;
  /** Opens a side door on this loopback port: inject faults, read the truth. */
  readonly controlPort?: number | undefined;
  /** Which boot the new chip says it is (1); each restart counts one more. */
  readonly boot?: number | undefined;
  /** The cable was pulled and is back, at this address. */
  readonly onReplugged: (address: string, port: string) => void;
}

/** An emulated chip that is being served. */
export interface Emulation {
  readonly address: string;
  readonly port: string;
  readonly seed: number;
  /** HOST:PORT of the side door. */
  readonly control: string | undefined;
  /** To be called a few times a second: the chip's own time goes on. */
  tick(): void;
  close(): void;
}

/**
 * Serves an emulated chip on a pseudo-terminal or on loopback TCP until it is closed.
 *
 * @param text  such as `pcm-64` or `pcm-64?tiles=14`.
 */
export async function emulate(text: string, options: EmulateOptions): Promise<Emulation> {
  const { tcpPort, controlPort, link: linkName } = options;
  const { preset, seed, tiles, dialect, deviceMilliseconds } = presetOf(text, options);
  if (tcpPort === undefined && process.platform === "win32") {
    throw bad("Windows has no pseudo-terminals. Use --tcp, or an in-process chip: emulator:pcm-64");
  }
  const faults = await faultsOf(options.faults, preset);
  const firmware = await firmwareOf(text, options, faults);
  const chip = new FaultyLine(firmware, faults);
  const address = (line: ServedLine): string => {
    const slow = deviceMilliseconds === undefined ? "" : `&device_milliseconds=${deviceMilliseconds}`;
    const named = dialect.lacks?.includes("serialNumber") === true ? `&serial=${firmware.serialNumber}` : "";
    const behind =
      besideLine === undefined ? "" : `&switch=tcp:${besideLine.name}&channels=${channelsOf(preset)}`;
    const chipQuery = `dialect=${dialect.name}&chip=${preset.name}&tiles=${tiles}${named}${slow}${behind}`;
    const baud = Math.round(preset.firmware.lineBytesPerSecond * (dialect.parity === undefined ? 10 : 11));
    return tcpPort === undefined
      ? `serial:${linkName ?? line.name}?baud=${baud}&${chipQuery}`
      : `tcp:${line.name}?${chipQuery}`;
  };
  let opened: ServedLine | undefined;
  const besideLine = firmware.beside && (await openBeside(firmware.beside));
  const served = await serveChip(chip, {
    bytesPerSecond: options.pace ? preset.firmware.lineBytesPerSecond : undefined,
    takesItsTime: options.pace && preset.takesItsTime === true,
    // Time that no host can move would stand still.
    timeScale: options.timeScale ?? (dialect.lacks?.includes("virtualTime") === true ? 1 : undefined),
    open: () => openLine(tcpPort, opened, dialect.line === "text" ? scpiTexts : undefined),
    onOpen(line) {
      const again = opened !== undefined;
      opened = line;
      if (linkName !== undefined && tcpPort === undefined) link(linkName, line.name);
      if (again) options.onReplugged(address(line), line.name);
    },
  });
  const end = (): void => {
    served.close();
    besideLine?.close();
    if (linkName !== undefined) unlink(linkName);
  };
  const control =
    controlPort === undefined
      ? undefined
      : await openControl(chip, controlPort, (milliseconds) => served.unplug(milliseconds)).catch(
          (error: unknown) => {
            end();
            throw cannotListen(controlPort, "--control", error);
          },
        );
  return {
    address: address(opened!),
    port: opened!.name,
    seed,
    control: control && `127.0.0.1:${control.port}`,
    tick: () => served.tick(),
    close() {
      end();
      control?.close();
    },
  };
}

/** A switch has a port of its own, on loopback. */
async function openBeside(beside: Beside): Promise<ServedLine> {
  const line = await openTcpLine(0, () => systemClock.nowMicroseconds());
  line.onBytes((bytes) => beside.receive(bytes).forEach((reply) => line.write(reply)));
  return line;
}

/** The file with the channels of an emulated switch. */
function channelsOf({ geometry: { rows, columns } }: Preset): string {
  return fileURLToPath(new URL(`chips/channels/707b-${rows}x${columns}.json`, packageRoot));
}

/** The emulator's own firmware, or a board's machine code. */
async function firmwareOf(text: string, options: EmulateOptions, faults: FaultRecord): Promise<Firmware> {
  const { preset, target, seed, dialect, describes } = presetOf(text, options);
  if (options.firmware === undefined) {
    const description = await describeChip(parseAddress(`emulator:${target}`));
    const { document } = description;
    const own = document !== undefined && describes ? emulatedDescription(document, preset) : undefined;
    const firmware = emulatedChip(dialect, keepingLimits(preset, description), seed, own);
    firmware.boot = options.boot ?? 1;
    return firmware;
  }
  const machine = firmwareNamed(options.firmware);
  if (options.timeScale !== undefined) {
    throw bad("--time-scale cannot be used with --firmware: the board's clock goes by its instructions");
  }
  if (faults.events.some(({ fault }) => fault === "dumb" || fault === "lie")) {
    throw bad(
      "--firmware runs real machine code, which has no faults dumb and lie. Leave them out of --faults",
    );
  }
  const description = await describeChip(parseAddress(`emulator:${text}`, options.dialects));
  return machine.start(preset, seed, options.boot ?? 1, description);
}

/** What programs are told in words, where the line carries words. */
const scpiTexts: TcpLineTexts = {
  turnedAway: '-200,"Execution error;another program speaks to this chip, close it first"\n',
  replaced: '-200,"Execution error;another program has opened this chip"\n',
};

/** The same TCP port again after the cable was pulled; a pseudo-terminal comes back under another name. */
function openLine(
  port: number | undefined,
  before: ServedLine | undefined,
  texts: TcpLineTexts | undefined,
): Promise<ServedLine> {
  if (port === undefined) return Promise.resolve(openPty());
  const found = before === undefined ? port : Number(before.name.split(":").at(-1));
  const now = (): number => systemClock.nowMicroseconds();
  return openTcpLine(found, now, texts).catch((error: unknown) => {
    throw cannotListen(port, "--tcp", error);
  });
}

function cannotListen(port: number, flag: string, error: unknown): MhoError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason =
    code === "EADDRINUSE" ? "it is taken" : code === "EACCES" ? "this user may not use it" : message;
  return new MhoError(
    "port-failed",
    `Cannot listen on port ${port}: ${reason}. Use ${flag} 0 for any free one.`,
    { port },
    error,
  );
}

function presetOf(
  text: string,
  { seed, dialect, dialects = builtInDialects }: EmulateOptions,
): {
  preset: Preset;
  target: string;
  seed: number;
  tiles: number;
  dialect: LabDialect;
  deviceMilliseconds: number | undefined;
  /** Whether its board describes itself. */
  describes: boolean;
} {
  const address = parseAddress(`emulator:${text}`, dialects);
  const preset = findPreset(address.target, address);
  if (preset === undefined || address.chip !== undefined) {
    throw bad(`There is no emulator ${text}. Known are ${presetNames.join(", ")}`);
  }
  return {
    preset,
    target: address.target,
    seed: address.seed ?? seed,
    tiles: preset.geometry.tiles,
    deviceMilliseconds: address.deviceMilliseconds,
    describes: address.describes !== "none",
    dialect: dialect === undefined ? address.dialect : dialectNamed(dialects, dialect),
  };
}

async function faultsOf(given: string | undefined, preset: Preset): Promise<FaultRecord> {
  if (given === undefined) return noFaults;
  if (/^\d+$/.test(given)) return drawFaults(Number(given) >>> 0, preset.geometry);
  const record = (await readFaults(given)) as FaultRecord;
  const missing = record.events.map((event) => placeMissing(preset.geometry, event)).find(Boolean);
  if (missing === undefined) return record;
  throw new MhoError("bad-file", `Cannot use ${given}: ${missing}. Correct its events.`, { file: given });
}

function bad(message: string): MhoError {
  return new MhoError("bad-argument", `${message}.`);
}

/** Points a link at a terminal; only a link is ever replaced. */
function link(path: string, target: string): void {
  unlink(path);
  try {
    symlinkSync(target, path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "EEXIST" ? "something else has that name" : message;
    throw new MhoError(
      "output-failed",
      `Cannot make the link ${path}: ${reason}. Name another with --link.`,
      {
        file: path,
      },
    );
  }
}

function unlink(path: string): void {
  try {
    readlinkSync(path);
    rmSync(path);
  } catch {
    // It is not there, or no link; what stays in the way is told of when the link is made.
  }
}
