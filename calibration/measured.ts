import { counted } from "../src/counted.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import { readingFlags } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import type { FitForecast, PowerLawDefinition } from "../src/model/definition.ts";
import { type ProgrammedAnew, programmedAnew } from "../src/run/programmedAnew.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { microsecondsPerSecond } from "../src/units.ts";
import { fewestSweeps, refuseFewDevices } from "./enoughData.ts";
import { gather, type Gathered, type GatherOptions } from "./gather.ts";
import { PulseReader, type Settle } from "./pulseReader.ts";
import { PulsesSeen } from "./pulsesSeen.ts";
import { fitPulseResponse, type PulseResponse } from "./pulseResponse.ts";
import type { DriftData } from "./driftData.ts";
import { readOutOf } from "./readOut.ts";
import { type Refit, refit } from "./refit.ts";
import { rollingPowerLaw } from "./rollingPowerLaw.ts";

/** All that runs say of a chip's devices. */
export interface Measured {
  readonly gathered: Gathered;
  readonly found: Refit;
  /** How fits to the first reads foretold later ones. */
  readonly forecasts: readonly FitForecast[];
  /** Undefined where single RESET pulses were too few. */
  readonly response: PulseResponse | undefined;
}

/** What was read of runs. Throws `bad-argument` when it is too little for a fit. */
export async function gatherToFit(
  store: RunStore,
  runs: readonly RunId[],
  description: ChipDescription,
  options: Pick<GatherOptions, "outsideToo" | "methods">,
): Promise<Gathered> {
  const gathered = await gather(store, runs, description, { ...options, mostDevices });
  const parts = gathered.parts.map(({ data }) => data);
  refuseTooLittle(parts, runs, await programmedAnew(store, runs));
  return gathered;
}

/**
 * Devices that a fit takes, at most. Laws that all share are told by a few ten thousands; what is left to be wrong in them no number of devices
 * mends, and each takes memory for all its reads.
 */
export const mostDevices = 524_288;

/** Fits everything that can be fitted to devices which drift by a power law. */
export async function measureRuns(
  store: RunStore,
  gathered: Gathered,
  description: ChipDescription,
  before: PowerLawDefinition,
): Promise<Measured> {
  const parts = gathered.parts.map(({ data }) => data);
  const readOut = readOutOf(description, before);
  const found = refit(parts, readOut, before);
  const forecasts = rollingPowerLaw(parts, readOut, before, refit);
  return {
    gathered,
    found,
    forecasts,
    response: await responseOf(store, gathered, description, settleBy(found)),
  };
}

function refuseTooLittle(
  parts: readonly DriftData[],
  runs: readonly RunId[],
  anew: readonly ProgrammedAnew[],
): void {
  const most = parts.reduce((n, { sweeps }) => Math.max(n, sweeps.length), 0);
  if (most < fewestSweeps) {
    if (anew.length > 0) throw noLongerTheirs(most, anew);
    throw new MhoError(
      "bad-argument",
      `Drift cannot be told from ${counted(most, "sweep")}; it takes ${fewestSweeps} at least, better thirty ` +
        `over a day: mho watch ${runs.join(" ")} --until 1d --per-decade 6.`,
    );
  }
  const ages = new Set(parts.flatMap(({ sweeps }) => sweeps.map(({ rowTimesMicroseconds: [at] }) => at)));
  if (ages.size < 2) {
    throw new MhoError(
      "bad-argument",
      `All reads of ${runs.join(", ")} are of one age, and drift cannot be told from them: ` +
        `mho watch ${runs.join(" ")} --until 1d --per-decade 6 reads at others.`,
    );
  }
  refuseFewDevices(parts, "a fit");
}

function noLongerTheirs(sweeps: number, anew: readonly ProgrammedAnew[]): MhoError {
  const tiles = anew.map(({ run, tile, by }) => `tile ${tile} of ${run} was programmed anew by ${by}`);
  const later = [...new Set(anew.map(({ by }) => by))].join(" ");
  return new MhoError(
    "bad-argument",
    `Of what was read, ${counted(sweeps, "sweep")} at most tell how these devices drift, and it takes ${fewestSweeps}: ` +
      `${tiles.join(", ")}. mho watch ${later} and mho fit ${later} tell of the devices as they are now.`,
    { run: anew[0]!.run, by: anew[0]!.by },
  );
}

/** ln G falls by ν ln((age + onset)/(reference age + onset)), ν that of what the device conducts at the reference age. */
function settleBy({ law, population }: Refit): Settle {
  const { exponentMean } = population.laws;
  return (conductance, ageSeconds) => {
    const logAge = Math.log((law.referenceAgeSeconds + law.onsetSeconds) / (ageSeconds + law.onsetSeconds));
    let settled = conductance;
    for (let round = 0; round < 3; round++) {
      settled = conductance * Math.exp(-exponentMean.value(settled) * logAge);
    }
    return settled;
  };
}

async function responseOf(
  store: RunStore,
  { parts, thinning }: Gathered,
  { pulses }: ChipDescription,
  settle: Settle,
): Promise<PulseResponse | undefined> {
  const pulse = pulses.technology.response?.of(pulses);
  if (pulse === undefined) return undefined;
  const seen = new PulsesSeen();
  let offset = 0;
  for (const run of new Set(parts.map((part) => part.run))) {
    const ofRun = parts.filter((part) => part.run === run);
    const readers = new Map(
      ofRun.map(({ block, data }) => {
        const reader = new PulseReader(pulse, data.usable.length, offset, settle, seen);
        offset += data.usable.length;
        return [block.tile, { reader, rowStart: block.rowStart }];
      }),
    );
    const perRow = ofRun[0]!.devicesPerRow;
    for await (const turn of store.turns(run)) {
      const found = readers.get(turn.tile);
      found?.reader.take(thinning.turn(turn, found.rowStart, perRow));
    }
    // What was fired and not looked at is seen by the first sweep.
    for (const { block, data } of ofRun) {
      const { reader } = readers.get(block.tile)!;
      const first = data.sweeps[0];
      first?.conductanceMicrosiemens.forEach((g, i) => {
        if (data.usable[i] === 0 || first.flags[i] !== readingFlags.ok) return;
        const readAt = first.rowTimesMicroseconds[Math.floor(i / data.devicesPerRow)]!;
        reader.read(i, g, (readAt - data.pulsedAtMicroseconds[i]!) / microsecondsPerSecond);
      });
    }
  }
  return fitPulseResponse(seen, pulse);
}
