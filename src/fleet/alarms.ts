import { formatDuration } from "../units.ts";

/** What a person has to look after, of what a server knows of its benches. */

export interface AlarmingBench {
  readonly name: string;
  readonly state: "online" | "silent" | "stopped";
  readonly silentSeconds: number;
  readonly diskFreeBytes: number | undefined;
}

export interface Alarm {
  readonly about: "bench-silent" | "disk-fills" | "job-failed" | "job-in-doubt";
  /** For a person. */
  readonly message: string;
}

/** Below this a disk holds a few sweeps of a large chip, and no night's work. */
export const leastFreeBytes = 2e9;

export function alarmsOf(
  benches: readonly AlarmingBench[],
  jobs: readonly {
    readonly id: string;
    readonly state: string;
    readonly chipName: string;
    readonly why: { readonly code: string; readonly message: string } | undefined;
  }[],
): readonly Alarm[] {
  return [
    ...benches.flatMap((bench) => [...silence(bench), ...disk(bench)]),
    ...jobs.flatMap(({ id, state, chipName, why }): Alarm[] => {
      if (why?.code === "in-doubt")
        return [{ about: "job-in-doubt", message: `${id} on ${chipName}: ${why.message}` }];
      return state === "failed"
        ? [
            {
              about: "job-failed",
              message: `${id} on ${chipName} failed, and the chip's queue stands: ${why?.message ?? ""}`,
            },
          ]
        : [];
    }),
  ];
}

function silence({ name, state, silentSeconds }: AlarmingBench): readonly Alarm[] {
  if (state !== "silent") return [];
  const since = formatDuration(Math.round(silentSeconds));
  return [
    {
      about: "bench-silent",
      message: `Bench ${name} was not heard for ${since}. It may go on without the server; look at its machine and its network.`,
    },
  ];
}

function disk({ name, diskFreeBytes }: AlarmingBench): readonly Alarm[] {
  if (diskFreeBytes === undefined || diskFreeBytes >= leastFreeBytes) return [];
  return [
    {
      about: "disk-fills",
      message: `The disk of bench ${name} has ${(diskFreeBytes / 1e9).toFixed(1)} GB free. Archive runs there, or free some space.`,
    },
  ];
}
