import { join } from "node:path";
import { MhoError } from "../../src/errors.ts";
import { executeRun, resumeRun } from "../../src/run/engine.ts";
import { type RunPlan, usualPulsesPerDevice } from "../../src/run/plan.ts";
import { openWorkspace, type Workspace } from "../../storage/workspace.ts";
import { ChipAtHand } from "./chipAtHand.ts";
import { claim } from "./claim.ts";
import type { Controller, ProcessMaker } from "./controller.ts";
import { believedIn } from "./layers.ts";
import { Witness } from "./witness.ts";
import type { World } from "./world.ts";

/** Another workspace that uses the chip when the first one's process is gone: it sets two rows to a level of its own. */
export class Visitor {
  readonly #world: World;
  readonly #folder: string;
  readonly #witness = new Witness();
  #visits = 0;

  constructor(world: World, folder: string) {
    this.#world = world;
    this.#folder = join(folder, "visitor");
  }

  /**
   * Programs, or goes on where the last visit was cut off.
   *
   * @param killedAfter  so many crossings of the process.
   */
  async visit(
    chip: ChipAtHand,
    start: ProcessMaker,
    killedAfter: number | undefined,
    mayFail: (error: MhoError) => boolean,
  ): Promise<void> {
    const store = await this.open();
    const own = new ChipAtHand(chip.firmware, chip.key, 0);
    this.#visits++;
    try {
      for (let tries = 0; tries < 3; tries++) {
        const ended = await this.#process(own, store, start, killedAfter);
        await this.#witness.confirm(store);
        if (!(ended instanceof MhoError)) return;
        if (await own.agree(store, ended)) continue;
        claim(mayFail(ended), () => `the other workspace's run ended: ${ended.message}`);
        return;
      }
    } finally {
      await store.close();
    }
  }

  /** For those who count what it booked; closed by them. */
  open(): Promise<Workspace> {
    return openWorkspace(this.#folder);
  }

  get hasBeen(): boolean {
    return this.#visits > 0;
  }

  async #process(
    chip: ChipAtHand,
    store: Workspace,
    start: ProcessMaker,
    killedAfter = Infinity,
  ): Promise<unknown> {
    let crossings = 0;
    const watched = this.#witness.beside(
      store,
      (run, turn) => chip.seeTurn(store, run, turn),
      (run, sweep) => chip.seeSweep(store, run, sweep),
      () => chip.seeForeign(store),
    );
    chip.beginProcess();
    const controller = await start(watched, () =>
      Promise.resolve(++crossings > killedAfter ? ("die before" as const) : ("none" as const)),
    );
    const ended = await Promise.race([
      this.#program(chip, controller, store).catch((error: unknown) => error),
      controller.died,
    ]);
    await controller.link.close();
    if (ended instanceof Error && !(ended instanceof MhoError)) throw ended;
    return ended;
  }

  async #program(chip: ChipAtHand, controller: Controller, store: Workspace): Promise<void> {
    const identity = await controller.driver.identify();
    const context = controller.context(chip.acceptsUnknownWear);
    const begun = (await store.runs()).find(({ outcome }) => outcome !== "done");
    if (begun !== undefined) await resumeRun(context, begun.id);
    else await executeRun(context, this.#plan(identity.serialNumber, controller.driver.address));
  }

  #plan(chipSerialNumber: string, chipAddress: string): RunPlan {
    const { preset } = this.#world;
    const { columns, devicesPerCell } = preset.geometry;
    const level = (0.2 + 0.1 * this.#visits) * preset.physics.maxConductance;
    return {
      title: `visit ${this.#visits}`,
      chipName: preset.name,
      chipSerialNumber,
      chipAddress,
      method: "verify",
      model: believedIn(this.#world),
      sweepTimesSeconds: [],
      sweepAverages: 1,
      pulsesPerDevice: usualPulsesPerDevice,
      tiles: [
        {
          block: { tile: 0, rowStart: 0, rowCount: 2 },
          targetsMicrosiemens: new Float32Array(2 * columns * devicesPerCell).fill(level),
        },
      ],
    };
  }
}
