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
import type { Files } from "./files.ts";
import { HeldReading } from "./heldReading.ts";
import type { Liar } from "./liar.ts";
import type { SmallDisk } from "./smallDisk.ts";
import type { VirtualTime } from "./virtualTime.ts";
import type { Witness } from "./witness.ts";

/** Where an operator stands: what can be touched. */
export interface Surroundings {
  readonly time: VirtualTime;
  readonly cable: Cable;
  readonly firmware: Firmware;
  readonly liar: Liar;
  readonly witness: Witness;
  readonly files: Files;
  readonly disk: SmallDisk | undefined;
  /** Whether the line may lose an order to be safe. */
  readonly lineIsBad: boolean;
}

/** What comes after a death that was an operator's deed. */
export type Aftermath = Extract<Deed, { deed: "restore" | "visit" }>;

/** Does its deeds when controllers come to their crossings. */
export class Operator {
  readonly #deeds: readonly Deed[];
  readonly #around: Surroundings;
  #nextDeed = 0;
  #writesToFail = 0;
  #diskWasFull = false;
  #filesWereAway = false;
  #crossingsOfProcess = 0;
  #pause: { readonly run: RunId; readonly untilCrossing: number } | undefined;
  #beginning: Promise<void> | undefined;
  #held: { readonly reading: HeldReading; readonly untilCrossing: number } | undefined;
  crossings = 0;
  readonly done: string[] = [];
  /** The process that is at work, and the run that it is at. */
  controller: Controller | undefined;
  run: RunId | undefined;
  /** Another workspace may use the chip: nothing that it does is taken for what a run left. */
  visitsMayCome = false;
  aftermath: Aftermath | undefined;

  constructor(deeds: readonly Deed[], around: Surroundings) {
    this.#deeds = deeds;
    this.#around = around;
  }

  /** A process begins. */
  attend(controller: Controller): void {
    this.controller = controller;
    this.#crossingsOfProcess = 0;
    this.#diskWasFull = this.#writesToFail > 0;
    this.#filesWereAway = false;
  }

  /** A process has ended: what hindered it is mended. */
  async mend(): Promise<void> {
    const { disk, files, liar } = this.#around;
    liar.mend();
    disk?.makeRoom();
    await this.#endReading();
    files.putBack();
  }

  /** Whether the process that began last was told that the disk is full, or its files were taken from it. */
  get filesFailed(): boolean {
    return this.#diskWasFull || this.#filesWereAway;
  }

  async interfere({ kind, what }: Crossing, store: Workspace): Promise<Interference> {
    this.crossings++;
    claim(++this.#crossingsOfProcess < mostCrossings, () => `a process went on and on: ${what}`);
    if (kind === "store" && this.#writesToFail > 0 && writes.has(what)) {
      this.#writesToFail--;
      throw new MhoError("workspace-failed", "The workspace cannot be written: the disk is full.");
    }
    if (this.#pause !== undefined && this.crossings >= this.#pause.untilCrossing) {
      await this.#endPause(this.#pause.run, store);
    }
    if (this.#held !== undefined && this.crossings >= this.#held.untilCrossing) await this.#endReading();
    const deed = this.#deeds[this.#nextDeed];
    if (deed === undefined || this.crossings < deed.atCrossing || this.controller === undefined)
      return "none";
    this.#nextDeed++;
    if (deed.deed === "visit" && !this.visitsMayCome) return "none";
    this.done.push(deed.deed === "lie" ? `lie: ${deed.lie}` : deed.deed);
    if (deed.deed === "kill") return deed.after ? "die after" : "die before";
    if (deed.deed === "visit" || deed.deed === "restore") {
      this.aftermath = deed;
      return "die before";
    }
    await this.#do(deed, this.controller, store);
    return "none";
  }

  async #do(deed: Exclude<Deed, Aftermath>, controller: Controller, store: Workspace): Promise<void> {
    const { time, cable, files, liar, disk } = this.#around;
    switch (deed.deed) {
      case "stop":
        controller.stop.requested = true;
        return;
      case "unplug":
        cable.pull(deed.forMilliseconds);
        return;
      case "fill the disk":
        this.#diskWasFull = true;
        if (disk === undefined) this.#writesToFail = deed.writes;
        else disk.fill(4096 * deed.writes);
        return;
      case "pause":
        if (this.run === undefined || this.#pause !== undefined || files.areAway) return;
        this.#pause = { run: this.run, untilCrossing: this.crossings + deed.crossings };
        await store.setRequest(this.run, "pause");
        return;
      case "look":
        if (!files.areAway) await time.whileItStands(() => this.#look(store));
        return;
      case "sleep":
        return this.#sleep(deed.forSeconds, deed.suspended);
      case "back up":
        if (!this.filesFailed) files.backUp();
        return;
      case "remove the workspace":
        // No reading begins from here on, also while one of before is ended.
        this.#filesWereAway = true;
        await this.#endReading();
        // There is no room for another workspace on a full disk.
        return files.moveAway(deed.replaced && !this.#diskWasFull);
      case "hold a reading":
        if (files.areAway || this.#filesWereAway) return;
        this.#beginning = time.whileItStands(() => this.#beginReading(deed.crossings));
        await this.#beginning;
        return;
      case "lie":
        return liar.begin(deed.lie, deed.always ? Infinity : 1);
      case "kill":
    }
  }

  /** Nothing is said to the chip for longer than its watchdog waits. */
  #sleep(seconds: number, suspended: boolean): void {
    const { time, firmware } = this.#around;
    time.leap(1e6 * seconds, suspended);
    firmware.tick(time.nowMicroseconds());
    claim(firmware.inStandby, () => `the host slept for ${seconds} s, and its chip is not in standby`);
  }

  async #beginReading(crossings: number): Promise<void> {
    if (this.run === undefined || this.#held !== undefined) return;
    const reading = await HeldReading.begin(this.#around.files.folder, this.run);
    if (reading !== undefined) this.#held = { reading, untilCrossing: this.crossings + crossings };
  }

  async #endReading(): Promise<void> {
    // The process goes on while the files are opened: the next deed may come before the reading has begun.
    await this.#beginning;
    this.#beginning = undefined;
    const held = this.#held;
    this.#held = undefined;
    await held?.reading.end();
  }

  async #endPause(run: RunId, store: Workspace): Promise<void> {
    const { firmware, lineIsBad } = this.#around;
    this.#pause = undefined;
    // An older copy may not know of the run any more.
    if (!(await store.runs()).some(({ id }) => id === run)) return;
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

/** More than any process of a world makes by far. */
const mostCrossings = 20_000;

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
