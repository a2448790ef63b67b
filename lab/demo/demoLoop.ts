import { systemClock } from "../../drivers/systemClock.ts";
import type { SteadyClock } from "../../drivers/steadyClock.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import type { ChipIdentity } from "../../src/chip/driver.ts";
import { isPcm, pcmPulsesOf } from "../../src/chip/technologies/pcm.ts";
import { devicesPerRow } from "../../src/chip/geometry.ts";
import { MhoError } from "../../src/errors.ts";
import type { PowerLawDefinition } from "../../src/model/definition.ts";
import { pcm90nmDefinition } from "../../src/model/builtIn.ts";
import { asPowerLaw } from "../../src/model/powerLaw.ts";
import { openLoop } from "../../src/program/openLoop.ts";
import { verifyPcm } from "../../src/program/verifyPcm.ts";
import { Random, uniformOf } from "../../src/random.ts";
import { executeRun } from "../../src/run/engine.ts";
import type { RunContext } from "../../src/run/context.ts";
import { type RunPlan, type TileTargets, usualPulsesPerDevice } from "../../src/run/plan.ts";
import type { RunId } from "../../src/run/store.ts";
import { watchRuns, watchTimes } from "../../src/run/watch.ts";
import { formatDuration, type Seconds } from "../../src/units.ts";
import { judgedAt } from "./contest.ts";
import type { Output } from "../../cli/output.ts";
import { progressOf } from "../../cli/progress.ts";
import { correctionOf, plannedVisit } from "../../cli/trim.ts";

/** What was believed of the devices before they were measured. */
export const factory: PowerLawDefinition = asPowerLaw(pcm90nmDefinition)!;

/** The steps of the whole loop on one chip. Each leaves the chip in standby, and what it did in the store. */
export class DemoLoop {
  readonly #context: Omit<RunContext, "driver" | "onEvent">;
  readonly #driver: SteadyClock;
  readonly #identity: ChipIdentity;
  readonly #output: Output;
  readonly #seed: number;
  readonly #chipStays: boolean;
  #underWay: RunId | undefined;

  /** @param chipStays  whether there is a chip to go on with when the demo has ended. */
  constructor(
    context: Omit<RunContext, "driver" | "onEvent">,
    driver: SteadyClock,
    identity: ChipIdentity,
    seed: number,
    output: Output,
    chipStays: boolean,
  ) {
    refuseOtherChips(driver.description);
    this.#context = context;
    this.#driver = driver;
    this.#identity = identity;
    this.#seed = seed;
    this.#output = output;
    this.#chipStays = chipStays;
  }

  get description(): ChipDescription {
    return this.#driver.description;
  }

  program(
    title: string,
    method: string,
    definition: PowerLawDefinition,
    tiles: readonly TileTargets[],
    sweepTimesSeconds: readonly Seconds[] = [],
  ): Promise<RunId> {
    return this.#execute(title, {
      title,
      chipName: this.#identity.name,
      chipSerialNumber: this.#identity.serialNumber,
      chipAddress: this.#driver.address,
      method,
      model: definition,
      sweepTimesSeconds,
      sweepAverages: averages,
      pulsesPerDevice: usualPulsesPerDevice,
      tiles,
    });
  }

  #execute(title: string, plan: RunPlan): Promise<RunId> {
    const tellProgress = this.#chipStays
      ? progressOf(title, this.#output)
      : progressOf(title, this.#output, undefined, () => "");
    const onEvent: typeof tellProgress = (event) => {
      if (event.type === "started") this.#underWay = event.run;
      if (event.type === "ended") this.#underWay = undefined;
      tellProgress(event);
    };
    return executeRun({ ...this.#context, driver: this.#driver, onEvent }, plan);
  }

  /** Books the run that is under way, for a process that is about to end. */
  async interrupt(): Promise<void> {
    const { store } = this.#context;
    if (this.#underWay !== undefined)
      await store.endRun(this.#underWay, "interrupted").catch(() => undefined);
  }

  /** Reads runs at ages, each tile at its own. */
  async watch(title: string, ages: ReadonlyMap<RunId, readonly Seconds[]>): Promise<void> {
    const { store } = this.#context;
    for (const [run, timesSeconds] of ages) await store.setWatch(run, { timesSeconds, averages });
    const driver = this.#driver;
    const onEvent = (event: Parameters<Parameters<typeof watchRuns>[0]["onEvent"]>[0]): void => {
      this.#output.event(event);
      if (event.type !== "sweep") return;
      this.#output.progress(`${title}: tile ${event.tile} at ${formatDuration(event.time_seconds)}`);
    };
    await watchRuns(
      { ...this.#context, driver, clock: systemClock, markClock: () => driver.mark(), onEvent },
      [...ages.keys()],
    );
  }

  /**
   * Programs a tile to know its devices by: every other column of cells blindly, evenly over the amplitudes, for nobody must
   * have picked a device by how it drifts; the others to evenly spread targets, which tells the programming error.
   */
  async characterise(tile: number): Promise<RunId[]> {
    const { geometry, maxConductanceMicrosiemens: max } = this.description;
    const perRow = devicesPerRow(geometry);
    const uniform = (i: number): number => uniformOf(new Random(this.#seed).fork("targets").at(i, 0).word0);
    const count = geometry.rows * perRow;
    const blind = (i: number): boolean => Math.floor(i / geometry.devicesPerCell) % 2 === 1;
    const even = Float32Array.from({ length: count }, (_, i) =>
      blind(i) ? Number.NaN : max * (0.03 + 0.97 * uniform(i)),
    );
    const { conductanceMicrosiemens: curve } = pcmPulsesOf(this.description).reset.nominalCurve;
    // From where the chip's own curve begins to fall to where it has fallen.
    const first = curve.findIndex((g) => g < 0.95 * curve[0]!);
    const last = curve.findIndex((g) => g < 0.01 * max);
    const fired = Float32Array.from({ length: count }, (_, i) => {
      const place = first + uniform(i) * (last - first);
      const at = Math.floor(place);
      return blind(i) ? curve[at]! + (place - at) * (curve[at + 1]! - curve[at]!) : Number.NaN;
    });
    const block = { tile, rowStart: 0, rowCount: geometry.rows };
    const verified = await this.program(
      "get to know, verified",
      verifyPcm.name,
      factory,
      [{ block, targetsMicrosiemens: even }],
      [1],
    );
    const pulsed = await this.program(
      "get to know, single pulses",
      openLoop.name,
      factory,
      [{ block, targetsMicrosiemens: fired }],
      [1],
    );
    return [pulsed, verified];
  }

  /** Watches a run, and programs anew what its measured drift says will go wrong, as often as there are visits. */
  async correct(run: RunId, model: PowerLawDefinition): Promise<{ run: RunId; corrected: number[] }> {
    const { store } = this.#context;
    const chain = [run];
    const corrected: number[] = [];
    for (const { watchSeconds, perDecade } of visits) {
      const newest = chain.at(-1)!;
      await this.watch("closed loop, watched", new Map([[newest, watchTimes(watchSeconds, perDecade)]]));
      const plan = await store.plan(run);
      const context = { driver: this.#driver, store };
      const visit = await plannedVisit(context, chain, plan, model, judgedAt, this.#seed);
      corrected.push(visit.devices);
      if (visit.devices === 0) continue;
      chain.push(await this.#execute("closed loop, corrected", correctionOf(newest, plan, visit, model)));
    }
    return { run: chain.at(-1)!, corrected };
  }
}

/** Throws `bad-argument` for chips that the story cannot be told of. */
function refuseOtherChips({ pulses, geometry, name }: ChipDescription): void {
  if (isPcm(pulses) && geometry.devicesPerCell === 4) return;
  throw new MhoError(
    "bad-argument",
    `The demo is for phase-change chips of four devices a cell, whose drift mho can fit, and ${name} is none. mho program works on it.`,
  );
}

/** Reads that the chip averages. */
const averages = 4;

/** Two looks within a day, and a correction after each. */
const visits = [
  { watchSeconds: 7200, perDecade: 3 },
  { watchSeconds: 72_000, perDecade: 3 },
];
