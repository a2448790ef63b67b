import type { RunAtBench, RunId, Unforeseen } from "../run/store.ts";
import { formatDuration } from "../units.ts";

/** What a person has to look after, of what a server knows of its benches. */

export interface AlarmingBench {
  readonly name: string;
  readonly state: "online" | "silent" | "stopped";
  readonly silentSeconds: number;
  readonly diskFreeBytes: number | undefined;
}

export interface AlarmingJob {
  readonly id: string;
  readonly state: string;
  readonly chipName: string;
  readonly why: { readonly code: string; readonly message: string } | undefined;
  /** Of one that failed: where. */
  readonly failedAt: string | undefined;
  /** Runs that it made or worked on, as the server and as that bench call them. */
  readonly runsAt: readonly { readonly run: RunId; readonly there: RunId }[];
}

export interface AlarmingChip {
  /** `NAME/SERIAL`. */
  readonly name: string;
  /** The newest run of it that was judged, and what of it did not hold. */
  readonly judged:
    | {
        readonly run: RunId;
        readonly madeAt: RunAtBench | undefined;
        readonly unforeseen: readonly Unforeseen[];
      }
    | undefined;
}

export interface Alarm {
  readonly about: "bench-silent" | "disk-fills" | "job-failed" | "job-in-doubt" | "out-of-forecast";
  /** For a person. */
  readonly message: string;
  /** The bench, the chip (`NAME/SERIAL`), the job and the run that it is about; undefined where it is about none. */
  readonly bench?: string | undefined;
  readonly chip?: string | undefined;
  readonly job?: string | undefined;
  readonly run?: RunId | undefined;
}

/** Below this a disk holds a few sweeps of a large chip, and no night's work. */
export const leastFreeBytes = 2e9;

export function alarmsOf(
  benches: readonly AlarmingBench[],
  jobs: readonly AlarmingJob[],
  chips: readonly AlarmingChip[] = [],
): readonly Alarm[] {
  return [
    ...benches.flatMap((bench) => [...silence(bench), ...disk(bench)]),
    ...chips.flatMap(outOfForecast),
    ...jobs.flatMap(trouble),
  ];
}

function silence({ name, state, silentSeconds }: AlarmingBench): readonly Alarm[] {
  if (state !== "silent") return [];
  const since = formatDuration(Math.round(silentSeconds));
  return [
    {
      about: "bench-silent",
      bench: name,
      message: `Bench ${name} was not heard for ${since}. It may go on without the server; look at its machine and its network.`,
    },
  ];
}

function disk({ name, diskFreeBytes }: AlarmingBench): readonly Alarm[] {
  if (diskFreeBytes === undefined || diskFreeBytes >= leastFreeBytes) return [];
  return [
    {
      about: "disk-fills",
      bench: name,
      message: `The disk of bench ${name} has ${(diskFreeBytes / 1e9).toFixed(1)} GB free. Archive runs there, or free some space.`,
    },
  ];
}

function trouble({ id, state, chipName, why, failedAt, runsAt }: AlarmingJob): readonly Alarm[] {
  const of = { chip: chipName, job: id };
  if (why?.code === "in-doubt")
    return [{ about: "job-in-doubt", ...of, message: `${id} on ${chipName}: ${why.message}` }];
  if (state !== "failed") return [];
  const at = failedAt === undefined ? "" : ` at bench ${failedAt}`;
  // The bench speaks of its own runs.
  const runs = runsAt.map(({ run, there }) => ` ${there} of that bench is ${run} here.`).join("");
  return [
    {
      about: "job-failed",
      ...of,
      bench: failedAt,
      message: `${id} on ${chipName} failed${at}, and the chip's queue stands: ${why?.message ?? ""}${runs}`,
    },
  ];
}

function outOfForecast({ name, judged }: AlarmingChip): readonly Alarm[] {
  if (judged === undefined || judged.unforeseen.length === 0) return [];
  const { run, madeAt, unforeseen } = judged;
  const there = madeAt === undefined ? "" : ` (${madeAt.run} of bench ${madeAt.bench})`;
  const said = unforeseen.map(({ message }) => message).join(" ");
  return [
    {
      about: "out-of-forecast",
      chip: name,
      run,
      bench: madeAt?.bench,
      message: `Chip ${name} is out of its forecast in ${run}${there}: ${said} Fit a model to what was read (mho fit ${run}), or archive the run.`,
    },
  ];
}
