import { FaultyLine } from "../../emulator/faultyLine.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../../lab/dialects.ts";
import { MhoError } from "../../src/errors.ts";
import { executeRun, resumeRun } from "../../src/run/engine.ts";
import type { RunPlan } from "../../src/run/plan.ts";
import { openWorkspace, type Workspace } from "../../storage/workspace.ts";
import { Cable } from "./cable.ts";
import { ChipAtHand } from "./chipAtHand.ts";
import { claim } from "./claim.ts";
import type { Controller, ProcessMaker } from "./controller.ts";
import { believedIn, layOut } from "./layers.ts";
import type { Network } from "./network.ts";
import type { VirtualTime } from "./virtualTime.ts";
import type { Witness } from "./witness.ts";
import type { World } from "./world.ts";

/** A second chip whose run goes on in the same workspace at the same time, in a process of its own or in the same one. */
export class Companion {
  readonly cable: Cable;
  readonly chip: ChipAtHand;
  readonly #world: World;
  readonly #witness: Witness;
  readonly #network: Network;
  readonly #ownProcess: boolean;
  #controller: Controller | undefined;
  /** The process under way: what it ended with. */
  #underWay: Promise<unknown> | undefined;
  #done = false;
  #checked = false;

  constructor(world: World, time: VirtualTime, witness: Witness, network: Network, ownProcess: boolean) {
    this.#network = network;
    const { preset, dialect, seed } = world;
    const firmware = emulatedChip(dialectNamed(builtInDialects, dialect), preset, seed + 500_000);
    const { variant = "" } = preset;
    const serialNumber = [`EMU-${seed + 500_000}`, variant].filter(Boolean).join("-");
    this.chip = new ChipAtHand(firmware, { name: preset.name, serialNumber }, 0);
    this.cable = new Cable(new FaultyLine(firmware), time);
    this.#world = world;
    this.#witness = witness;
    this.#ownProcess = ownProcess;
  }

  /** Begins, or goes on, beside whatever else is done; nothing when it is under way or done. */
  async attend(store: Workspace, folder: string, start: ProcessMaker): Promise<void> {
    if (this.#done || this.#underWay !== undefined) return;
    const own = this.#ownProcess ? await openWorkspace(folder) : store;
    const { chip } = this;
    const watched = this.#witness.beside(
      own,
      (run, turn) => chip.seeTurn(own, run, turn),
      (run, sweep) => chip.seeSweep(own, run, sweep),
      () => chip.seeForeign(own),
    );
    chip.beginProcess();
    const controller = await start(watched, () => Promise.resolve("none"));
    this.#controller = controller;
    this.#underWay = Promise.race([
      this.#program(controller, own).then(
        () => void (this.#done = true),
        (error: unknown) => error,
      ),
      controller.died,
    ]).then(async (ended) => {
      await controller.link.close();
      const agreed = ended instanceof MhoError && (await chip.agree(own, ended));
      if (this.#ownProcess) await own.close();
      return agreed ? undefined : ended;
    });
  }

  get hasBegun(): boolean {
    return this.#controller !== undefined;
  }

  /** An older copy of the store took its place, which may not have its run: then it is programmed anew, until its network was checked. */
  async rewind(store: Workspace): Promise<void> {
    if (this.#checked) return;
    const [run] = await store.runsOfChip(this.chip.key);
    this.#done &&= run !== undefined && (await store.summary(run)).outcome === "done";
  }

  /** Its run is done, and was checked: it is not begun again. */
  finish(): void {
    this.#checked = true;
  }

  /** Ends with the machine. */
  async kill(): Promise<void> {
    this.#controller?.kill();
    const ended = await this.#underWay;
    this.#underWay = undefined;
    if (ended instanceof Error && !(ended instanceof MhoError)) throw ended;
  }

  /** Waits for the process. @param mayFail  whether an error has its reason in the world. */
  async settle(mayFail: (error: MhoError) => boolean): Promise<"done" | "to be resumed"> {
    const ended = await this.#underWay;
    this.#underWay = undefined;
    if (ended instanceof MhoError)
      claim(mayFail(ended), () => `the run of the other chip ended: ${ended.message}`);
    else if (ended instanceof Error) throw ended;
    return this.#done ? "done" : "to be resumed";
  }

  async #program(controller: Controller, store: Workspace): Promise<void> {
    await controller.driver.identify();
    const context = controller.context(this.chip.acceptsUnknownWear);
    const [begun] = await store.runsOfChip(this.chip.key);
    if (begun === undefined) {
      await this.#network.begin(controller.store);
      await executeRun(context, this.#plan(controller.driver.address));
    } else if ((await store.summary(begun)).outcome !== "done") await resumeRun(context, begun);
  }

  #plan(chipAddress: string): RunPlan {
    const { serialNumber } = this.chip.key;
    return {
      title: "the other chip",
      chipName: this.chip.key.name,
      chipSerialNumber: serialNumber,
      chipAddress,
      method: "verify",
      model: believedIn(this.#world),
      sweepTimesSeconds: [1, 60],
      sweepAverages: 1,
      pulsesPerDevice: 200,
      tiles: layOut(this.#world),
      share: this.#network.share(1),
    };
  }
}
