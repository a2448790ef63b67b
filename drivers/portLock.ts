import { readFileSync, statSync } from "node:fs";
import { hearRequests, type StandbyHandler } from "../locks/channel.ts";
import { lockFileOf } from "../locks/folder.ts";
import { describeHolder, type Lock, LockHeld, takeLock } from "../locks/lock.ts";
import { MhoError } from "../src/errors.ts";

/** How a port is opened. */
export interface PortOptions {
  /** Heard for as long as the port is open: another process asks for the chip's safe state. */
  readonly onStandbyAsked?: StandbyHandler | undefined;
}

/**
 * Takes the one lock of a port or of an address on a network. Throws `port-failed` when another controller has it; its cause is
 * the `LockHeld`.
 *
 * @param name  that the lock goes by; the port's own where none is given.
 */
export function lockPort(port: string, { onStandbyAsked }: PortOptions, name = port): Lock {
  try {
    const lock = takeLock(lockFileOf(name), new Date().toISOString());
    return onStandbyAsked === undefined ? lock : hearRequests(lock, onStandbyAsked);
  } catch (error) {
    if (error instanceof MhoError) throw error;
    const [reason, advice] =
      error instanceof LockHeld
        ? [
            error.holder === undefined ? "another program holds it" : describeHolder(error.holder),
            "Close that program, then try again.",
          ]
        : [`its lock failed: ${(error as Error).message}`, "Check that folder."];
    const holder = error instanceof LockHeld ? error.holder?.processId : undefined;
    throw new MhoError(
      "port-failed",
      `Cannot open ${port}: ${reason}. ${advice}`,
      { port, ...(holder !== undefined && { holder }) },
      error,
    );
  }
}

/**
 * The program that holds the system's own lock of a port, also one of another user: `minicom (process 4711 of uid 1001)`.
 * Undefined where the system does not tell: Linux alone keeps a list.
 */
export function ownerOf(port: string): string | undefined {
  try {
    const { ino, dev } = statSync(port);
    const hex = (part: number): string => part.toString(16).padStart(2, "0");
    const place = `${hex((dev >> 8) & 0xfff)}:${hex((dev & 0xff) | ((dev >> 12) & 0xfff00))}:${ino}`;
    const lines = readFileSync("/proc/locks", "utf8").split("\n");
    // 1: FLOCK  ADVISORY  WRITE 4711 00:05:123 0 EOF, the file as major and minor device and inode.
    const fields = lines.map((line) => line.trim().split(/\s+/));
    const found = fields.find(([, kind, , , , file]) => kind === "FLOCK" && file === place);
    const processId = Number(found?.[4]);
    if (!(processId > 0)) return undefined;
    const program = readFileSync(`/proc/${processId}/comm`, "utf8").trim();
    return `${program} (process ${processId} of uid ${statSync(`/proc/${processId}`).uid}) holds it`;
  } catch {
    return undefined;
  }
}
