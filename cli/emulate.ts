import { readlinkSync, rmSync, symlinkSync } from "node:fs";
import { drawFaults, type FaultRecord, noFaults, placeMissing } from "../emulator/faults.ts";
import { FaultyLine } from "../emulator/faultyLine.ts";
import { findPreset, type Preset, presetNames } from "../emulator/presets.ts";
import { openPty } from "../emulator/pty.ts";
import type { ServedLine } from "../emulator/servedLine.ts";
import { openTcpLine } from "../emulator/tcpLine.ts";
import { readFaults } from "../files/faults.ts";
import { systemClock } from "../drivers/systemClock.ts";
import { MhoError } from "../src/errors.ts";
import { parseAddress } from "../lab/address.ts";
import { builtInDialects, dialectNamed, emulatedChip, type LabDialect } from "../lab/dialects.ts";
import { openControl } from "../lab/emulate/control.ts";
import type { EmulateOptions } from "./options.ts";
import { jsonLine, type Output } from "./output.ts";
import { serveChip } from "../lab/emulate/serveChip.ts";

/**
 * Serves an emulated chip on a pseudo-terminal or on loopback TCP until it is told to stop. The first line on stdout is
 * JSON with the address by which the chip is reached.
 *
 * @param text  such as `pcm-64` or `pcm-64?tiles=14`.
 */
export async function emulate(text: string, options: EmulateOptions, output: Output): Promise<void> {
  const { preset, seed, tiles, dialect } = presetOf(text, options);
  const timeScale = timeScaleOf(options.timeScale);
  const port = options.tcp === undefined ? undefined : portOf(options.tcp, "--tcp");
  const controlPort =
    options.control === undefined
      ? undefined
      : portOf(options.control === true ? "0" : options.control, "--control");
  if (port === undefined && process.platform === "win32") {
    throw bad("Windows has no pseudo-terminals. Use --tcp, or an in-process chip: emulator:pcm-64");
  }
  const chip = new FaultyLine(emulatedChip(dialect, preset, seed), await faultsOf(options.faults, preset));
  const address = (line: ServedLine): string => {
    const chipQuery = `dialect=${dialect.name}&chip=${preset.name}&tiles=${tiles}`;
    const baud = preset.firmware.lineBytesPerSecond * 10;
    return port === undefined
      ? `serial:${options.link ?? line.name}?baud=${baud}&${chipQuery}`
      : `tcp:${line.name}?${chipQuery}`;
  };
  let opened: ServedLine | undefined;
  let announce: (line: ServedLine) => void = () => {};
  const served = await serveChip(chip, {
    bytesPerSecond: options.pace ? preset.firmware.lineBytesPerSecond : undefined,
    timeScale,
    open: () => openLine(port, opened),
    onOpen(line) {
      opened = line;
      if (options.link !== undefined && port === undefined) link(options.link, line.name);
      announce(line);
    },
  });
  const end = (): void => {
    served.close();
    if (options.link !== undefined) unlink(options.link);
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
  const event = {
    type: "listening",
    address: address(opened!),
    seed,
    ...(control ? { control: `127.0.0.1:${control.port}` } : {}),
  };
  process.stdout.write(`${jsonLine(event)}\n`);
  output.say(`An emulated ${text} answers at ${opened!.name}. Ctrl-C ends it.`);
  announce = (line) => {
    output.event({ type: "replugged", address: address(line) });
    output.say(`The cable is back, at ${line.name}.`);
  };
  await untilStopped(() => served.tick());
  end();
  control?.close();
}

/** The same TCP port again after the cable was pulled; a pseudo-terminal comes back under another name. */
function openLine(port: number | undefined, before: ServedLine | undefined): Promise<ServedLine> {
  if (port === undefined) return Promise.resolve(openPty());
  return openTcpLine(before === undefined ? port : Number(before.name.split(":").at(-1)), () =>
    systemClock.nowMicroseconds(),
  ).catch((error: unknown) => {
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
  { seed, dialect }: EmulateOptions,
): { preset: Preset; seed: number; tiles: number; dialect: LabDialect } {
  const address = parseAddress(`emulator:${text}`);
  const preset = findPreset(address.target, address);
  if (preset === undefined || address.chip !== undefined) {
    throw bad(`There is no emulator ${text}. Known are ${presetNames.join(", ")}`);
  }
  return {
    preset,
    seed: address.seed ?? seed,
    tiles: preset.geometry.tiles,
    dialect: dialect === undefined ? address.dialect : dialectNamed(builtInDialects, dialect),
  };
}

async function faultsOf(wish: string | undefined, preset: Preset): Promise<FaultRecord> {
  if (wish === undefined) return noFaults;
  if (/^\d+$/.test(wish)) return drawFaults(Number(wish) >>> 0, preset.geometry);
  const record = (await readFaults(wish)) as FaultRecord;
  const missing = record.events.map((event) => placeMissing(preset.geometry, event)).find(Boolean);
  if (missing === undefined) return record;
  throw new MhoError("bad-file", `Cannot use ${wish}: ${missing}. Correct its events.`, { file: wish });
}

function timeScaleOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const scale = Number(text);
  if (!(scale > 0 && scale <= 1e9))
    throw bad(`--time-scale ${text}: give a factor above 0, such as 1 or 3600`);
  return scale;
}

function portOf(text: string, flag: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw bad(`${flag} ${text}: give a port from 0 to 65535`);
  return port;
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
    // It is not there, or no link.
  }
}

/** Resolves on a signal, or when the parent that started this process with a channel goes away. */
function untilStopped(onTick: () => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(onTick, 250);
    const stop = (): void => {
      clearInterval(timer);
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stop);
    process.once("disconnect", stop);
    process.stdout.on("error", stop);
  });
}
