import type { Transport } from "../../drivers/transport.ts";
import type { FaultyLine } from "../../emulator/faultyLine.ts";
import { MhoError } from "../../src/errors.ts";
import type { SlowBoard } from "./slowBoard.ts";
import type { VirtualTime } from "./virtualTime.ts";

/** The cable between a host and a chip behind a line of faults. It outlives the processes that use it. */
export class Cable {
  readonly line: FaultyLine;
  readonly #time: VirtualTime;
  #backAt = 0;
  #end: (reason: string) => void = () => {};
  #opened = 0;
  readonly #board: SlowBoard | undefined;

  /** @param board  how long it takes to answer; at once where not given. */
  constructor(line: FaultyLine, time: VirtualTime, board?: SlowBoard) {
    this.line = line;
    this.#time = time;
    this.#board = board;
  }

  /** Whoever held the line before has it no longer. */
  open(): Transport {
    if (this.#time.nowMicroseconds() < this.#backAt) {
      throw new MhoError("port-failed", "Cannot open the port: there is none.");
    }
    this.#end("somebody else opened the port");
    let onBytes: (bytes: Uint8Array) => void = () => {};
    let onClosed: (reason: string) => void = () => {};
    let open = true;
    this.#end = (reason) => {
      if (!open) return;
      open = false;
      onClosed(reason);
    };
    const end = this.#end;
    return {
      port: `port ${++this.#opened}`,
      onBytes: (listener) => void (onBytes = listener),
      onClosed: (listener) => void (onClosed = listener),
      write: async (bytes) => {
        if (!open) throw new MhoError("link-lost", "The cable is out.");
        const { deliveries, unpluggedForMilliseconds } = this.line.receive(bytes, this.#tick());
        const busy = this.#board?.answersAfter(bytes, this.#time.nowMicroseconds()) ?? 0;
        await Promise.resolve();
        for (const delivery of deliveries) {
          const arrive = (): void => void (open && onBytes(delivery.bytes));
          const late = busy + delivery.lateMilliseconds;
          if (late === 0) arrive();
          else this.#time.after(late, arrive);
        }
        if (unpluggedForMilliseconds !== undefined) this.pull(unpluggedForMilliseconds);
      },
      close: () => {
        end("the port was closed");
        return Promise.resolve();
      },
    };
  }

  /** Out, and back after a while. */
  pull(milliseconds: number): void {
    this.#backAt = this.#time.nowMicroseconds() + 1000 * milliseconds;
    this.#end("the cable was pulled");
  }

  /** The board's watchdog looks at the time whenever something happens. */
  #tick(): number {
    const now = this.#time.nowMicroseconds();
    this.line.firmware.tick(now);
    return now;
  }
}
