import { after, systemClock } from "../../drivers/systemClock.ts";
import type { FaultyLine } from "../../emulator/faultyLine.ts";
import type { ServedLine } from "../../emulator/servedLine.ts";
import type { Microseconds } from "../../src/units.ts";
import { lineTime } from "./lineTime.ts";

export interface ServeOptions {
  /** Bytes a second each way; undefined for as fast as it goes. */
  readonly bytesPerSecond: number | undefined;
  /** Whether an answer also takes as long as the board is busy with it. */
  readonly takesItsTime?: boolean;
  /** Chip time against the host's; undefined for virtual time. */
  readonly timeScale: number | undefined;
  /** Opens a line, at first and again after the cable was pulled. */
  readonly open: () => Promise<ServedLine>;
  readonly onOpen: (line: ServedLine) => void;
}

export interface ServedChip {
  tick(): void;
  /** Pulls the cable, and puts it back after a while. */
  unplug(milliseconds: number): void;
  close(): void;
}

/** Puts a chip at the end of a line that hosts can open, and keeps to the line's speed and the record's faults. */
export async function serveChip(chip: FaultyLine, options: ServeOptions): Promise<ServedChip> {
  const { bytesPerSecond, timeScale, takesItsTime = false } = options;
  let busyUntil: Microseconds = 0;
  let line: ServedLine | undefined;
  let closed = false;
  const begun = systemClock.nowMicroseconds();
  const passed = lineTime(bytesPerSecond, () => systemClock.nowMicroseconds());

  const receive = (bytes: Uint8Array): void => {
    const now = systemClock.nowMicroseconds();
    if (timeScale !== undefined) chip.firmware.follow(Math.round((now - begun) * timeScale));
    const workedBefore = chip.firmware.workedMicroseconds;
    const { deliveries, unpluggedForMilliseconds } = chip.receive(bytes, now);
    const inMilliseconds = passed.inward(bytes.length);
    const worked = takesItsTime ? chip.firmware.workedMicroseconds - workedBefore : 0;
    busyUntil = Math.max(busyUntil, now + 1000 * inMilliseconds) + worked;
    const readyMilliseconds = takesItsTime ? (busyUntil - now) / 1000 : inMilliseconds;
    const to = line;
    // What is due leaves together: a system call costs more than the bytes that it carries.
    const due: Uint8Array[] = [];
    for (const { bytes: reply, lateMilliseconds } of deliveries) {
      const milliseconds = passed.outward(reply.length, readyMilliseconds) + lateMilliseconds;
      if (milliseconds < 1) due.push(reply);
      else after(milliseconds, () => to?.write(reply));
    }
    if (due.length > 0) to?.write(Buffer.concat(due));
    if (unpluggedForMilliseconds !== undefined) unplug(unpluggedForMilliseconds);
  };
  const unplug = (milliseconds: number): void => {
    line?.close();
    line = undefined;
    after(milliseconds, () => void plugIn());
  };
  const plugIn = async (): Promise<void> => {
    if (closed) return;
    const opened = await options.open();
    try {
      options.onOpen(opened);
    } catch (error) {
      // An open line would keep the process alive.
      opened.close();
      throw error;
    }
    line = opened;
    line.onBytes(receive);
  };

  await plugIn();
  return {
    unplug,
    tick: () => chip.firmware.tick(systemClock.nowMicroseconds()),
    close() {
      closed = true;
      line?.close();
    },
  };
}
