import { systemClock } from "../drivers/systemClock.ts";
import { Firmware } from "../emulator/firmware.ts";
import { findPreset, presetNames } from "../emulator/presets.ts";
import { openPty } from "../emulator/pty.ts";
import { MhoError } from "../src/errors.ts";
import { parseAddress } from "./address.ts";
import type { Output } from "./output.ts";

/**
 * Serves an emulated chip on a pseudo-terminal until it is told to stop. The first line on stdout is JSON with
 * the address by which the chip is reached.
 *
 * @param preset  such as `pcm-64` or `pcm-64?tiles=14`.
 */
export async function emulate(preset: string, seed: number, output: Output): Promise<void> {
  const { target, tiles, seed: ownSeed, chip } = parseAddress(`emulator:${preset}`);
  const found = findPreset(target, tiles ?? 1);
  if (found === undefined || chip !== undefined) {
    throw new MhoError(
      "bad-argument",
      `There is no emulator ${preset}. Known are ${presetNames.join(", ")}.`,
    );
  }
  if (process.platform === "win32") {
    throw new MhoError(
      "bad-argument",
      "Windows has no pseudo-terminals. Use an in-process chip: emulator:pcm-64.",
    );
  }
  const firmware = new Firmware(found, ownSeed ?? seed);
  const pty = openPty();
  pty.onBytes((bytes) => {
    const replies = firmware.receive(bytes, systemClock.nowMicroseconds());
    if (replies.length > 0) pty.write(Buffer.concat(replies));
  });
  const baud = found.firmware.lineBytesPerSecond * 10;
  const address = `serial:${pty.path}?baud=${baud}&dialect=packet&chip=${target}&tiles=${tiles ?? 1}`;
  process.stdout.write(`${JSON.stringify({ type: "listening", address, seed: ownSeed ?? seed })}\n`);
  output.say(`An emulated ${preset} answers at ${pty.path}. Ctrl-C ends it.`);
  await untilStopped(() => firmware.tick(systemClock.nowMicroseconds()));
  pty.close();
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
