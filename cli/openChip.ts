import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { connectInProcess } from "../drivers/inProcess.ts";
import { PacketDriver } from "../drivers/packetDriver.ts";
import type { ConnectedDriver } from "../drivers/reconnectingDriver.ts";
import { ScpiDriver } from "../drivers/scpiDriver.ts";
import { openSerial } from "../drivers/serial.ts";
import { openTcp } from "../drivers/tcp.ts";
import { systemClock } from "../drivers/systemClock.ts";
import { firmwareFor } from "../emulator/dialects.ts";
import { findPreset, presetNames } from "../emulator/presets.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import { MhoError } from "../src/errors.ts";
import type { ChipAddress } from "./address.ts";
import type { Transport } from "../drivers/transport.ts";
import { openRecorder } from "./transcriptFile.ts";
import { packageRoot } from "./packageRoot.ts";

/** Opens a chip by its address. Nothing has been said to it yet: `identify` comes first. */
export async function openChip(
  address: ChipAddress,
  { seed, record }: { seed: number; record?: (line: Transport) => Transport },
): Promise<ConnectedDriver> {
  const description = await describeChip(address);
  const session = randomInt(1, 0xffffffff);
  const line = await openLine(address, description, seed);
  const transport = record?.(line) ?? line;
  const options = { address: address.text, description, session };
  return address.dialect === "scpi"
    ? new ScpiDriver(transport, options)
    : new PacketDriver(transport, options);
}

/** The chip that a command is to work on. Throws `bad-argument` when none is named. */
export function chipNamed({ chip }: { chip?: string }): string {
  const text = chip ?? process.env["MHO_CHIP"];
  if (text !== undefined) return text;
  throw new MhoError("bad-argument", "Which chip? Give --chip, for instance --chip serial:/dev/ttyACM0.");
}

/** What opening a chip takes, from a command's flags. */
export function chipOptions(
  address: ChipAddress,
  { seed, transcript }: { seed: number; transcript?: string },
): { seed: number; record?: (line: Transport) => Transport } {
  if (transcript === undefined) return { seed };
  return { seed, record: openRecorder(transcript, address, new Date().toISOString()) };
}

function openLine(address: ChipAddress, description: ChipDescription, seed: number): Promise<Transport> {
  switch (address.scheme) {
    case "serial":
      return openSerial(address.target, address.baud ?? description.line.baud);
    case "tcp":
      return openTcp(address.target);
    case "emulator":
      return Promise.resolve(connectInProcess(emulated(address, description, seed)));
  }
}

/** The description of the chip that an address names: of its preset, or a file of the user's own. */
export async function describeChip(address: ChipAddress): Promise<ChipDescription> {
  const name = address.chip ?? (address.scheme === "emulator" ? address.target : "pcm-64");
  const builtIn = (presetNames as readonly string[]).includes(name);
  if (!builtIn && !/[./\\]/.test(name)) {
    throw new MhoError(
      "bad-argument",
      `There is no chip ${name}. Known are ${presetNames.join(", ")}, or give a file.`,
    );
  }
  const path = builtIn ? fileURLToPath(new URL(`chips/${name}.json`, packageRoot)) : name;
  const description = await readChipDescription(path);
  const tiles = address.tiles ?? description.geometry.tiles;
  return { ...description, geometry: { ...description.geometry, tiles } };
}

function emulated(address: ChipAddress, description: ChipDescription, seed: number) {
  const preset = findPreset(address.target, { ...address, tiles: description.geometry.tiles });
  if (preset === undefined) {
    throw new MhoError(
      "bad-argument",
      `There is no emulator ${address.target}. Known are ${presetNames.join(", ")}.`,
    );
  }
  const firmware = firmwareFor(address.dialect, preset, address.seed ?? seed);
  return { receive: (bytes: Uint8Array) => firmware.receive(bytes, systemClock.nowMicroseconds()) };
}
