import { after, systemClock } from "../../drivers/systemClock.ts";
import type { FaultyLine } from "../../emulator/faultyLine.ts";
import type { ServedLine } from "../../emulator/servedLine.ts";
import type { Microseconds } from "../../src/units.ts";
import { lineTime } from "./lineTime.ts";
import { SentInOrder } from "./sentInOrder.ts";

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
  const now = (): Microseconds => systemClock.nowMicroseconds();
  const passed = lineTime(bytesPerSecond, now);
  const sent = new SentInOrder((bytes) => line?.write(bytes), now, after);

  /** What came at once is taken request by request: an answer leaves when it is made, as a board's does, and not with the last one. */
  const receive = (bytes: Uint8Array): void => {
    const cable = line;
    const { endOfRequest } = chip.firmware;
    const isCut = bytesPerSecond === undefined && endOfRequest !== undefined;
    let flushedAt = now();
    for (const request of isCut ? cutAfter(endOfRequest, bytes) : [bytes]) {
      take(request);
      if (line !== cable) return;
      if (now() - flushedAt < togetherMicroseconds) continue;
      sent.flush();
      flushedAt = now();
    }
    sent.flush();
  };
  const take = (bytes: Uint8Array): void => {
    const arrivedAt = now();
    if (timeScale !== undefined) chip.firmware.follow(Math.round((arrivedAt - begun) * timeScale));
    const workedBefore = chip.firmware.workedMicroseconds;
    const { deliveries, unpluggedForMilliseconds } = chip.receive(bytes, arrivedAt);
    const inMilliseconds = passed.inward(bytes.length);
    const worked = takesItsTime ? chip.firmware.workedMicroseconds - workedBefore : 0;
    busyUntil = Math.max(busyUntil, arrivedAt + 1000 * inMilliseconds) + worked;
    const readyMilliseconds = takesItsTime ? (busyUntil - arrivedAt) / 1000 : inMilliseconds;
    for (const { bytes: reply, lateMilliseconds } of deliveries)
      sent.send(reply, passed.outward(reply.length, readyMilliseconds) + lateMilliseconds);
    if (unpluggedForMilliseconds !== undefined) unplug(unpluggedForMilliseconds);
  };
  const unplug = (milliseconds: number): void => {
    line?.close();
    line = undefined;
    sent.forget();
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
      sent.forget();
      line?.close();
    },
  };
}

/** Answers that are made within this leave together: a system call costs as much as a few of them. */
const togetherMicroseconds: Microseconds = 1000;

/** Bytes in pieces, each with the byte that ends it and those like it that follow. */
function cutAfter(end: number, bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < bytes.length;) {
    const found = bytes.indexOf(end, from);
    let to = found === -1 ? bytes.length : found + 1;
    while (bytes[to] === end) to++;
    pieces.push(bytes.subarray(from, to));
    from = to;
  }
  return pieces;
}
