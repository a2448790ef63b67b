import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { type Log, loggedError } from "../src/log.ts";

/** Who holds a port: a note beside the lock, which the system keeps and which names nobody. */
export interface Holder {
  readonly processId: number;
  /** What it was started as, such as `mho demo`. */
  readonly program: string;
  /** ISO 8601. */
  readonly since: string;
}

/** Leaves a note that this process holds a port. */
export function noteHolder(port: string, program: string, since: string, log: Log): void {
  try {
    mkdirSync(folder(), { recursive: true });
    const holder: Holder = { processId: process.pid, program, since };
    writeFileSync(noteOf(port), JSON.stringify(holder));
  } catch (error) {
    // The lock holds without it.
    log.warn({ port, error: loggedError(error) }, "no note was left of who holds the port");
  }
}

export function forgetHolder(port: string): void {
  if (holderOf(port)?.processId === process.pid) rmSync(noteOf(port), { force: true });
}

/** For messages: `mho demo (process 4711) holds it since …`. */
export function describeHolder({ program, processId, since }: Holder): string {
  return `${program} (process ${processId}) holds it since ${since}`;
}

/** Undefined where nobody left a note, or whoever did has ended. */
export function holderOf(port: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(noteOf(port), "utf8")) as Holder;
    process.kill(holder.processId, 0);
    return holder;
  } catch {
    // No note, or its process has ended: both mean that the port is free, as far as it is known.
    return undefined;
  }
}

function folder(): string {
  return join(tmpdir(), `mho-ports-${userInfo().username}`);
}

/** A link and what it points at are one port. */
function noteOf(port: string): string {
  let path = port;
  try {
    path = realpathSync(port);
  } catch {
    // A port that is gone keeps its name.
  }
  return join(folder(), `${encodeURIComponent(path)}.json`);
}
