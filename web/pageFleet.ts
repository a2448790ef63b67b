import type { Alarm } from "../src/fleet/alarms.ts";
import type { Job } from "../src/queue/job.ts";
import type { RunAtBench } from "../src/run/store.ts";
import type { BenchLine, ChipLine } from "./fleetState.ts";

/** The benches of a server as the library tells of them. */
export interface PageFleet {
  readonly benches: readonly {
    readonly name: string;
    readonly state: BenchLine["state"];
    readonly silentSeconds: number;
    readonly doing: string;
    readonly diskFreeBytes: number | undefined;
    readonly chips: readonly { readonly nickname: string }[];
    readonly host: string;
    readonly version: string;
  }[];
  readonly chips: readonly {
    readonly chip: { readonly name: string; readonly serialNumber: string };
    readonly wafer: string | undefined;
    readonly die: string | undefined;
    readonly bench: string | undefined;
    readonly figures: Pick<
      ChipLine,
      "yieldPercent" | "errorPercent" | "errorAgeSeconds" | "exponent" | "pulsesPerDevice"
    > & {
      readonly run: string | undefined;
      readonly madeAt: RunAtBench | undefined;
      readonly unforeseen: readonly unknown[];
    };
  }[];
  readonly jobs: readonly Pick<Job, "id" | "state" | "why">[];
  readonly alarms: readonly Alarm[];
}
