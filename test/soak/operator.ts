import { join } from "node:path";
import type { Firmware } from "../../emulator/firmware.ts";
import { MhoError } from "../../src/errors.ts";
import type { RunId } from "../../src/run/store.ts";
import { openWorkspace, type Workspace } from "../../storage/workspace.ts";
import { LiveDesk } from "../../web/liveDesk.ts";
import type { Cable } from "./cable.ts";
import { claim } from "./claim.ts";
import type { Controller, Crossing, Interference } from "./controller.ts";
import type { Deed } from "./deeds.ts";
import type { VirtualTime } from "./virtualTime.ts";
import type { Witness } from "./witness.ts";

/** Where an operator stands: what can be touched. */
export interface Surroundings {
  readonly time: VirtualTime;
  readonly cable: Cable;
  readonly firmware: Firmware;
  readonly witness: Witness;
  /** Whether the line may lose an order to be safe. */
  readonly lineIsBad: boolean;
}

/** Does its deeds when controllers come to their crossings. */
export class Operator {
  readonly #deeds: readonly Deed[];
  readonly #around: Surroundings;
  #nextDeed = 0;
  #writesToFail = 0;
  #diskWasFull = false;
  #pause: { readonly run: RunId; readonly untilCrossing: number } | undefined;
  crossings = 0;
  readonly done: string[] = [];
  /** The process that is at work, and the run that it is at. */
  controller: Controller | undefined;
  run: RunId | undefined;

  constructor(deeds: readonly Deed[], around: Surroundings) {
    this.#deeds = deeds;
    this.#around = around;
  }

  /** A process begins. */
  attend(controller: Controller): void {
    this.controller = controller;
    this.#diskWasFull = this.#writesToFail > 0;
  }

  /** Whether the process that began last was told that the disk is full. */
  get diskWasFull(): boolean {
    return this.#diskWasFull;
  }

  async interfere({ kind, what }: Crossing, store: Workspace): Promise<Interference> {
    this.crossings++;
    if (kind === "store" && this.#writesToFail > 0 && writes.has(what)) {
      this.#writesToFail--;
      throw new MhoError("workspace-failed", "The workspace cannot be written: the disk is full.");
    }
    if (this.#pause !== undefined && this.crossings >= this.#pause.untilCrossing) {
      await this.#endPause(this.#pause.run, store);
    }
    const deed = this.#deeds[this.#nextDeed];
    if (deed === undefined || this.crossings < deed.atCrossing || this.controller === undefined)
      return "none";
    this.#nextDeed++;
    this.done.push(deed.deed);
    if (deed.deed === "kill") return deed.after ? "die after" : "die before";
    await this.#do(deed, this.controller, store);
    return "none";
  }

  async #do(deed: Deed, controller: Controller, store: Workspace): Promise<void> {
    const { time, cable } = this.#around;
    switch (deed.deed) {
      case "stop":
        controller.stop.requested = true;
        return;
      case "unplug":
        cable.pull(deed.forMilliseconds);
        return;
      case "fill the disk":
        this.#writesToFail = deed.writes;
        this.#diskWasFull = true;
        return;
      case "pause":
        if (this.run === undefined || this.#pause !== undefined) return;
        this.#pause = { run: this.run, untilCrossing: this.crossings + deed.crossings };
        await store.setRequest(this.run, "pause");
        return;
      case "look":
        await time.whileItStands(() => this.#look(store));
        return;
      case "kill":
    }
  }

  async #endPause(run: RunId, store: Workspace): Promise<void> {
    const { firmware, lineIsBad } = this.#around;
    this.#pause = undefined;
    const last = (await store.notes(run)).at(-1);
    if (last?.what === "paused") {
      claim(firmware.inStandby || lineIsBad, () => `${run} is paused, and its chip is not in standby`);
    }
    await store.setRequest(run, undefined);
  }

  /** As another program would, while the run goes on: every run can be looked at, and nothing acknowledged is missing. */
  async #look(store: Workspace): Promise<void> {
    const seen = await openWorkspace(join(store.file, ".."));
    try {
      await this.#around.witness.confirm(seen);
      const desk = new LiveDesk(seen);
      for (const { id } of await seen.runs()) await desk.state(id, undefined);
    } finally {
      await seen.close();
    }
  }
}

const writes = new Set([
  "beginRun",
  "appendTurn",
  "appendSweep",
  "appendNote",
  "reopenRun",
  "endRun",
  "setWatch",
  "markClock",
]);
