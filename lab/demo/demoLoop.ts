import type { ChipDescription } from "../../src/chip/description.ts";
import type { ChipIdentity } from "../../src/chip/driver.ts";
import type { PulseKind } from "../../src/chip/amplitudeCurve.ts";
import type { Technology } from "../../src/chip/technology.ts";
import { devicesPerRow } from "../../src/chip/geometry.ts";
import { MhoError } from "../../src/errors.ts";
import type { ModelDefinition } from "../../src/model/definition.ts";
import { modelOf } from "../../src/model/modelOf.ts";
import { openLoop } from "../../src/program/openLoop.ts";
import { Random, uniformOf } from "../../src/random.ts";
import type { RunContext } from "../../src/run/context.ts";
import { executeRun } from "../../src/run/engine.ts";
import { type RunPlan, type TileTargets, usualPulsesPerDevice } from "../../src/run/plan.ts";
import type { RunId } from "../../src/run/store.ts";
import { watchRuns, watchTimes } from "../../src/run/watch.ts";
import { microsecondsPerSecond, type Seconds } from "../../src/units.ts";
import { refuseOtherDevices } from "../modelOfChip.ts";
import { correctionOf, plannedVisit } from "../trim.ts";
import { judgedAt } from "./contest.ts";

/** The steps of the whole loop on one chip. Each leaves the chip in standby, and what it did in the store. */
export class DemoLoop {
  readonly #context: RunContext;
  readonly #identity: ChipIdentity;
  readonly #seed: number;
  /** How long each run kept the chip at work. */
  readonly #chipSeconds = new Map<RunId, Seconds>();
  /** What is believed of the devices before they are measured. */
  readonly factory: ModelDefinition;

  constructor(context: RunContext, identity: ChipIdentity, seed: number, factory: ModelDefinition) {
    refuseOtherChips(context.driver.description, factory);
    this.factory = factory;
    this.#context = context;
    this.#identity = identity;
    this.#seed = seed;
  }

  get description(): ChipDescription {
    return this.#context.driver.description;
  }

  program(
    title: string,
    method: string,
    definition: ModelDefinition,
    tiles: readonly TileTargets[],
    sweepTimesSeconds: readonly Seconds[] = [],
  ): Promise<RunId> {
    return this.#execute({
      title,
      chipName: this.#identity.name,
      chipSerialNumber: this.#identity.serialNumber,
      chipAddress: this.#context.driver.address,
      method,
      model: definition,
      sweepTimesSeconds,
      sweepAverages: averages,
      pulsesPerDevice: usualPulsesPerDevice,
      tiles,
    });
  }

  /** How long these runs kept the chip at work by its own clock, waits for later reads left out. */
  chipSecondsOf(runs: readonly RunId[]): Seconds {
    return runs.reduce((sum, run) => sum + this.#chipSeconds.get(run)!, 0);
  }

  async #execute(plan: RunPlan): Promise<RunId> {
    const { driver } = this.#context;
    const begun = await driver.chipTime();
    const run = await executeRun(this.#context, plan);
    this.#chipSeconds.set(run, ((await driver.chipTime()) - begun) / microsecondsPerSecond);
    return run;
  }

  /** Reads runs at ages, each tile at its own. */
  async watch(ages: ReadonlyMap<RunId, readonly Seconds[]>): Promise<void> {
    const { store } = this.#context;
    for (const [run, timesSeconds] of ages) await store.setWatch(run, { timesSeconds, averages });
    await watchRuns(this.#context, [...ages.keys()]);
  }

  get technology(): Technology {
    return this.description.pulses.technology;
  }

  /** Programs a tile to know its devices by, by the technology's verify to evenly spread targets. */
  characterise(tile: number): Promise<RunId[]> {
    const { pulses } = this.description;
    const { response } = pulses.technology;
    return response === undefined ? this.#verifyAll(tile) : this.#verifyAndFire(tile, response.of(pulses));
  }

  async #verifyAll(tile: number): Promise<RunId[]> {
    const { geometry } = this.description;
    const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = modelOf(this.factory);
    const uniform = new Random(this.#seed).fork("targets");
    const targetsMicrosiemens = Float32Array.from(
      { length: geometry.rows * devicesPerRow(geometry) },
      (_, i) => min + (max - min) * uniformOf(uniform.at(i, 0).word0),
    );
    const block = { tile, rowStart: 0, rowCount: geometry.rows };
    const tiles = [{ block, targetsMicrosiemens }];
    const method = this.technology.usualMethods.conductances;
    return [await this.program("get to know, verified", method, this.factory, tiles, [1])];
  }

  /**
   * Where a pulse sets the conductance by its amplitude alone: every other column of cells blindly, evenly over the amplitudes, so that no
   * device was picked by how it drifts; the others to evenly spread targets, which tells the programming error.
   */
  async #verifyAndFire(tile: number, { nominalCurve }: PulseKind): Promise<RunId[]> {
    const { geometry, maxConductanceMicrosiemens: max } = this.description;
    const perRow = devicesPerRow(geometry);
    const uniform = (i: number): number => uniformOf(new Random(this.#seed).fork("targets").at(i, 0).word0);
    const count = geometry.rows * perRow;
    const blind = (i: number): boolean => Math.floor(i / geometry.devicesPerCell) % 2 === 1;
    const even = Float32Array.from({ length: count }, (_, i) =>
      blind(i) ? Number.NaN : max * (0.03 + 0.97 * uniform(i)),
    );
    const { conductanceMicrosiemens: curve } = nominalCurve;
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
      this.technology.usualMethods.conductances,
      this.factory,
      [{ block, targetsMicrosiemens: even }],
      [1],
    );
    const pulsed = await this.program(
      "get to know, single pulses",
      openLoop.name,
      this.factory,
      [{ block, targetsMicrosiemens: fired }],
      [1],
    );
    return [pulsed, verified];
  }

  /** Watches a run, and programs anew what its measured drift says will go wrong, as often as there are visits. */
  async correct(
    run: RunId,
    model: ModelDefinition,
    visits: readonly Visit[] = usualVisits,
  ): Promise<{ chain: readonly RunId[]; corrected: number[] }> {
    const { store } = this.#context;
    const chain = [run];
    const corrected: number[] = [];
    for (const { watchSeconds, perDecade, timesSeconds } of visits) {
      const newest = chain.at(-1)!;
      await this.watch(new Map([[newest, watchTimes(watchSeconds, perDecade)]]));
      const plan = await store.plan(run);
      const { visit } = await plannedVisit(this.#context, chain, plan, model, timesSeconds, 1, undefined);
      corrected.push(visit.devices);
      if (visit.devices === 0) continue;
      chain.push(await this.#execute(correctionOf(newest, plan, visit, model, this.description)));
    }
    return { chain, corrected };
  }
}

/** Throws `bad-argument` for chips that the story cannot be told of. */
export function refuseOtherChips(description: ChipDescription, factory: ModelDefinition): void {
  const { name, geometry } = description;
  refuseOtherDevices(factory, description);
  if (geometry.devicesPerCell >= 2) return;
  throw new MhoError(
    "bad-argument",
    `The demo holds each weight in pairs of devices, and a cell of ${name} has ${geometry.devicesPerCell}. ` +
      "mho program writes conductances of your own to it.",
    { chip: name },
  );
}

/** A look at what was programmed, and a correction after it. */
export interface Visit {
  /** How long it is watched before, at so many ages a decade. */
  readonly watchSeconds: Seconds;
  readonly perDecade: number;
  /** When errors count for the correction, each once. */
  readonly timesSeconds: readonly Seconds[];
}

/** Reads that the chip averages. */
const averages = 4;

/**
 * Two looks within a day, and a correction after each. The next visit can mend a level and hardly a rate of drift: the first one
 * is planned for late times.
 */
const usualVisits: readonly Visit[] = [
  { watchSeconds: 7200, perDecade: 3, timesSeconds: judgedAt.slice(-2) },
  { watchSeconds: 72_000, perDecade: 3, timesSeconds: judgedAt },
];
