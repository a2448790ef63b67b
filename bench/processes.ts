import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** Has a process say at its end how much memory it took, MB, and how much of a core, s. */
export const telling = `data:text/javascript,${encodeURIComponent(
  'process.on("exit",()=>{const r=process.resourceUsage();' +
    'process._rawDebug("took",r.maxRSS/1024,(r.userCPUTime+r.systemCPUTime)/1e6)})',
)}`;

const started: ChildProcess[] = [];

/** Starts Node with these arguments; what it says can be read from both its outputs. */
export function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  return child;
}

/** Ends all that was started and still runs. */
export function endAll(): void {
  for (const child of started) child.kill("SIGKILL");
}

/** All that a process says on its second output until it ends. */
export async function textOf({ stderr }: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of stderr!.setEncoding("utf8")) text += chunk as string;
  return text;
}

/** What a process that was started with `telling` says at its end. */
export function tookOf(said: string): { megabytes: number; coreSeconds: number } {
  const [, megabytes, coreSeconds] = /took ([\d.]+) ([\d.]+)/.exec(said) ?? [];
  return { megabytes: Number(megabytes), coreSeconds: Number(coreSeconds) };
}

/** Linux alone tells it of another process, in hundredths of a second. */
export function coreSecondsOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The most memory that a process has had so far, MB. Linux alone tells it. */
export function mostMegabytesOf({ pid }: ChildProcess): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Bytes that a process has read and written so far, files included. Linux alone tells it. */
export function bytesThrough({ pid }: ChildProcess): number {
  const told = readFileSync(`/proc/${pid}/io`, "utf8");
  return Number(/rchar: (\d+)/.exec(told)?.[1]) + Number(/wchar: (\d+)/.exec(told)?.[1]);
}
