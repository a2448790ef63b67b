import { readFileSync, readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { basename } from "node:path";

/** What tells a process from every other, also from a later one that was given its number. */
export interface ProcessKey {
  readonly processId: number;
  /** In the system's own ticks since it was started; undefined where the system does not tell. */
  readonly startedAt?: string | undefined;
  /** Of this start of the system, and the room in which process ids count; empty where the system does not tell. */
  readonly boot: string;
  readonly host: string;
  readonly user: string;
}

export function ownKey(): ProcessKey {
  own ??= {
    processId: process.pid,
    startedAt: startOf(process.pid),
    boot: bootOf(),
    host: hostname(),
    user: userName(),
  };
  return own;
}

let own: ProcessKey | undefined;

/** What this process is called in messages: `mho watch`; for a script of a user's own, `node measure.js`. */
export function ownName(): string {
  if (process.title !== process.argv0) return process.title;
  return [process.argv0, ...process.argv.slice(1, 2)].map((path) => basename(path)).join(" ");
}

/** This user's name; its number where the system knows no name for it. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "user");
  }
}

/** Whether a process belongs to this user and this machine. */
export function isOurs({ host, user }: ProcessKey): boolean {
  const { host: here, user: us } = ownKey();
  return host === here && user === us;
}

/**
 * Whether the process that a key names still runs, and may be signalled. A live process id alone proves nothing: ids are reused,
 * and a note may name any. Where the system tells no start of a process, the answer is no.
 */
export function isSameProcess(key: ProcessKey): boolean {
  const { processId, startedAt, boot } = key;
  if (!isOurs(key) || processId <= 1 || processId === process.pid) return false;
  if (startedAt === undefined || boot === "" || boot !== ownKey().boot) return false;
  return startOf(processId) === startedAt && isOwned(processId);
}

/** Field 22 of the process's line; undefined for one that has ended, a zombie too. */
function startOf(processId: number): string | undefined {
  const line = readText(`/proc/${processId}/stat`);
  // The second field is the program's name in parentheses, which may hold any character.
  const fields = line?.slice(line.lastIndexOf(")") + 2).split(" ");
  return fields === undefined || /^[ZX]/.test(fields[0]!) ? undefined : fields[19];
}

/** Whether the process runs as this user. */
function isOwned(processId: number): boolean {
  const owner = /^Uid:\s+(\d+)/m.exec(readText(`/proc/${processId}/status`) ?? "")?.[1];
  return owner !== undefined && Number(owner) === process.getuid?.();
}

function bootOf(): string {
  const boot = readText("/proc/sys/kernel/random/boot_id")?.trim();
  if (boot === undefined) return "";
  try {
    // Containers of one machine count their processes each for itself.
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return boot;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
