import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PacketDriver } from "../drivers/packet/packetDriver.ts";
import { openSerial } from "../drivers/serial.ts";
import { openPty } from "../emulator/pty.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { devicesOfTile, devicesPerRow } from "../src/chip/geometry.ts";

/** How close sweeps and pulses of pcm-256 come to what the line allows, paced and not, beside a bare copy of bytes. */
const main = fileURLToPath(new URL("../cli/main.js", import.meta.url));
const description = await readChipDescription(
  fileURLToPath(new URL("../../chips/pcm-256.json", import.meta.url)),
);
const devices = devicesOfTile(description.geometry);
const block = { tile: 0, rowStart: 0, rowCount: description.geometry.rows };

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

async function measured(pace: boolean): Promise<{ sweep: number; pulse: number }> {
  const child = spawn(
    process.execPath,
    [main, "emulate", "pcm-256", "--quiet", ...(pace ? [] : ["--no-pace"])],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const lines = createInterface({ input: child.stdout });
  const { address } = JSON.parse(await new Promise<string>((resolve) => lines.once("line", resolve))) as {
    address: string;
  };
  const path = /serial:([^?]+)/.exec(address)![1]!;
  const transport = await openSerial(path, description.line.baud);
  const driver = new PacketDriver(transport, {
    address,
    description,
    session: 5,
    deadlineMilliseconds: 5000,
  });
  await driver.identify();
  await driver.read({ ...block, rowCount: 8 }, 1);
  const sweep = await seconds(() => driver.read(block, 1));
  const codes = new Uint16Array(devices).fill(500);
  const pulse = await seconds(() => driver.pulse(block, { codes, widthNanoseconds: 100, firstTicket: 1 }));
  await driver.close();
  child.kill();
  return { sweep, pulse };
}

/** Seconds for a sweep's bytes through a bare pseudo-terminal, from the host's end, with nothing done to them. */
async function bareCopy(bytes: number): Promise<number> {
  const pty = openPty();
  const transport = await openSerial(pty.name, description.line.baud);
  let left = bytes;
  const all = new Promise<void>((resolve) =>
    pty.onBytes((part) => {
      left -= part.length;
      if (left <= 0) resolve();
    }),
  );
  const chunk = new Uint8Array(2 * devicesPerRow(description.geometry));
  const took = await seconds(async () => {
    for (let sent = 0; sent < bytes; sent += chunk.length) await transport.write(chunk);
    await all;
  });
  await transport.close();
  pty.close();
  return took;
}

const payload = (2 * devices) / (description.line.baud / description.line.bitsPerByte);
const paced = await measured(true);
console.log(
  `paced at ${description.line.baud} baud: payload alone ${payload.toFixed(2)} s; sweep ${paced.sweep.toFixed(2)} s ` +
    `(${(paced.sweep / payload).toFixed(3)} ×), pulses of every row ${paced.pulse.toFixed(2)} s (${(paced.pulse / payload).toFixed(3)} ×)`,
);
const free = await measured(false);
const bare = await bareCopy(2 * devices);
console.log(
  `unpaced: sweep ${(devices / free.sweep / 1e6).toFixed(2)} M devices/s (a bare copy ${(devices / bare / 1e6).toFixed(2)} M), ` +
    `pulses ${(devices / free.pulse / 1e6).toFixed(2)} M devices/s`,
);
