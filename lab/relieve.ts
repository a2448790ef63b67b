import { askStandby, type Heard } from "../locks/channel.ts";
import { describeHolder, type Holder, isFree, type LockHeld } from "../locks/lock.ts";
import { isOurs, isSameProcess } from "../locks/processes.ts";
import { systemClock } from "../drivers/systemClock.ts";
import { MhoError } from "../src/errors.ts";

/** What is done about a program that holds the port of a chip. */
export type Relief = "asked" | "ended" | "killed";

export type HolderListener = (holder: Holder, port: string, relief: Relief) => void;

export interface PutInStandby {
  readonly name: string;
  readonly serialNumber: string;
}

/** How long a program that holds a port has to say that it heard, in milliseconds. */
const hearMilliseconds = 2000;
/** A line that is silent is given up after so long, and the program says so. */
const answerMilliseconds = 15_000;
/** How long a program has to end when it is told to. */
const endMilliseconds = 1000;

/**
 * Has the program that holds a port put its chip in standby. One of this user and machine that does not answer is ended, and the
 * port is then free.
 *
 * @returns the chip when its holder put it in standby; undefined when the port is free, and standby is still to be sent.
 * @throws MhoError `port-failed`, where the holder is another user's, or is not known for certain.
 */
export async function relieve(
  port: string,
  { file, holder }: LockHeld,
  tell: HolderListener,
): Promise<PutInStandby | undefined> {
  const begun = systemClock.nowMicroseconds();
  if (holder !== undefined) {
    if (!isOurs(holder)) throw notRelieved(port, file, holder);
    tell(holder, port, "asked");
    const heard = holder.channel === undefined ? undefined : await ask(holder.channel);
    if (heard?.answer.safe === true) {
      // It lets go of the port when its run is booked; the chip is safe already.
      await Promise.race([heard.released, systemClock.sleep(1000 * hearMilliseconds)]);
      return heard.answer;
    }
  }
  const left = hearMilliseconds - (systemClock.nowMicroseconds() - begun) / 1000;
  if (await isFreeWithin(file, Math.max(left, heardGrace))) return undefined;
  for (const [relief, signal] of [
    ["ended", "SIGTERM"],
    ["killed", "SIGKILL"],
  ] as const) {
    if (holder === undefined || !isSameProcess(holder)) {
      if (await isFreeWithin(file, heardGrace)) return undefined;
      throw notRelieved(port, file, holder);
    }
    tell(holder, port, relief);
    signalTo(port, file, holder, signal);
    if (await isFreeWithin(file, endMilliseconds)) return undefined;
  }
  throw notRelieved(port, file, holder);
}

/** For a program that has answered and lets go of its port, or has just ended. */
const heardGrace = 200;

function ask(channel: string): Promise<Heard | undefined> {
  return askStandby(channel, { hearMilliseconds, answerMilliseconds });
}

function signalTo(port: string, file: string, holder: Holder, signal: NodeJS.Signals): void {
  try {
    process.kill(holder.processId, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw notRelieved(port, file, holder, error);
  }
}

async function isFreeWithin(file: string, milliseconds: number): Promise<boolean> {
  const end = systemClock.nowMicroseconds() + 1000 * milliseconds;
  for (;;) {
    if (isFree(file)) return true;
    if (systemClock.nowMicroseconds() > end) return false;
    await systemClock.sleep(20_000);
  }
}

function notRelieved(port: string, file: string, holder: Holder | undefined, cause?: unknown): MhoError {
  const who = holder === undefined ? "a program that left no name holds it" : describeHolder(holder);
  return new MhoError(
    "port-failed",
    `The chip at ${port} was not put in standby: ${who}, and it cannot be known for certain that mho may end it. ` +
      `End that program where it runs (its lock is ${file}), then run mho standby again, or switch the board's supply off. ` +
      "The board's watchdog acts only once that program is silent.",
    { port, lock: file, ...(holder !== undefined && { holder: holder.processId }) },
    cause,
  );
}
