import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FaultyLine } from "../../emulator/faultyLine.ts";
import type { Firmware } from "../../emulator/firmware.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../../lab/dialects.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import { MhoError } from "../../src/errors.ts";
import type { SweepRecord, TurnRecord } from "../../src/run/journal.ts";
import type { RunId } from "../../src/run/store.ts";
import { recall } from "../../src/run/recall.ts";
import { openWorkspace, type Workspace } from "../../storage/workspace.ts";
import { Cable } from "./cable.ts";
import { checkFelt, checkSweep, checkTurn, dueOf, lastOf } from "./checks.ts";
import { claim } from "./claim.ts";
import { Controller } from "./controller.ts";
import { Operator } from "./operator.ts";
import { VirtualTime } from "./virtualTime.ts";
import { Witness } from "./witness.ts";
import type { World } from "./world.ts";

/** A world's bench: its chip, its cable, its disk and its operator. Processes come and go on it. */
export class Lab {
  readonly world: World;
  readonly description: ChipDescription;
  readonly address: string;
  readonly time = new VirtualTime();
  readonly firmware: Firmware;
  readonly operator: Operator;
  readonly #cable: Cable;
  readonly #witness = new Witness();
  readonly #folder: string;
  #store: Workspace | undefined;
  #generation = 0;
  #processes = 0;

  constructor(world: World, folder: string, description: ChipDescription, address: string) {
    this.world = world;
    this.description = description;
    this.address = address;
    this.#folder = folder;
    this.firmware = emulatedChip(dialectNamed(builtInDialects, world.dialect), world.preset, world.seed);
    this.#cable = new Cable(new FaultyLine(this.firmware, world.faults), this.time);
    const { time, firmware } = this;
    const [cable, witness, lineIsBad] = [this.#cable, this.#witness, this.#lineIsBad];
    this.operator = new Operator(world.deeds, { time, firmware, cable, witness, lineIsBad });
  }

  /** As it is between two processes. */
  get store(): Workspace {
    claim(this.#store !== undefined, () => "nobody has opened the store yet");
    return this.#store;
  }

  get processes(): number {
    return this.#processes;
  }

  get faults(): string[] {
    return this.#cable.line.log.map(({ fault }) => fault);
  }

  /** Starts a process for some work, and another one whenever it ended before that was done; checks all after each. */
  async untilDone<T>(work: (controller: Controller, store: Workspace) => Promise<T>): Promise<T> {
    for (let tries = 0; tries < mostTries; tries++) {
      const store = await this.#openStore();
      const controller = await this.#startController(store);
      this.operator.attend(controller);
      const ended = await Promise.race([
        work(controller, store).then(
          (value) => ({ value }),
          (error: unknown) => ({ error }),
        ),
        controller.died,
      ]);
      this.operator.controller = undefined;
      if (ended === "died") {
        await this.#afterDeath();
        continue;
      }
      // What the command line does before it ends.
      await controller.link.close();
      if ("error" in ended) this.#checkError(ended.error, controller);
      this.#checkStandby("value" in ended);
      await this.checkStore();
      if ("value" in ended) return ended.value;
    }
    throw new Error(`It was not done after ${mostTries} tries.`);
  }

  /** Nothing that was acknowledged is missing, and no device felt more than is booked. */
  async checkStore(): Promise<void> {
    await this.#witness.confirm(this.store);
    // A board's own loop is booked as one pulse until it has said how many it gave.
    if (this.world.method === "on-board") return;
    const [first] = await this.store.runs();
    if (first !== undefined) await checkFelt(this.store, this.firmware, first, false);
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }

  async #openStore(): Promise<Workspace> {
    this.#store ??= await this.time.whileItStands(() =>
      openWorkspace(join(this.#folder, `g${this.#generation}`)),
    );
    return this.#store;
  }

  /** A port that is not there yet is waited for, as a person would. */
  async #startController(store: Workspace): Promise<Controller> {
    const witnessed = this.#witness.beside(
      store,
      (run, turn) => this.#seeTurn(store, run, turn),
      (run, sweep) => this.#seeSweep(store, run, sweep),
    );
    this.#processes++;
    for (;;) {
      try {
        return new Controller({
          time: this.time,
          cable: this.#cable,
          description: this.description,
          dialect: this.world.dialect,
          address: this.address,
          session: 1000 * this.#processes,
          store: witnessed,
          interfere: (crossing) => this.operator.interfere(crossing, store),
        });
      } catch (error) {
        if (!(error instanceof MhoError) || error.code !== "port-failed") throw error;
        await this.time.sleep(1_000_000);
      }
    }
  }

  async #seeTurn(store: Workspace, run: RunId, turn: TurnRecord): Promise<void> {
    const { tiles } = await store.plan(run);
    const { block } = tiles.find((tile) => tile.block.tile === turn.tile)!;
    checkTurn(this.firmware.chip, block, turn, this.#chipTime);
  }

  async #seeSweep(store: Workspace, run: RunId, sweep: SweepRecord): Promise<void> {
    const plan = await store.plan(run);
    const memories = await recall(store, run);
    const memory = memories.find(({ block }) => block.tile === sweep.tile)!;
    const ofAll = Math.max(...memories.map(lastOf).filter((at) => !Number.isNaN(at)));
    const due = dueOf(plan, memory, ofAll, sweep.timeSeconds);
    const clock = Math.round(this.#chipTime * (1 + this.world.faults.clockPartsPerMillion * 1e-6));
    checkSweep(this.firmware.chip, memory.block, sweep, due, this.#chipTime, clock);
  }

  /** As devices age by it. */
  get #chipTime(): number {
    return this.firmware.history.chipTimeMicroseconds;
  }

  /** The files as the death left them, opened by the next process: nothing was closed, and nothing tidied up. */
  async #afterDeath(): Promise<void> {
    const [before, after] = [this.#generation, this.#generation + 1].map((n) => join(this.#folder, `g${n}`));
    mkdirSync(after!);
    for (const name of ["workspace.db", "workspace.db-wal"]) {
      if (existsSync(join(before!, name))) copyFileSync(join(before!, name), join(after!, name));
    }
    const dead = this.store;
    this.#store = undefined;
    this.#generation++;
    await dead.close();
    rmSync(before!, { recursive: true });
    await this.#openStore();
    await this.checkStore();
    this.#leaveAlone();
  }

  /** Only what was asked for, or what the world's faults may well lead to. */
  #checkError(error: unknown, { stop }: Controller): void {
    if (!(error instanceof MhoError)) throw error;
    const expected =
      (error.code === "interrupted" && stop.requested) ||
      // A stop whose chip is out of reach says that it is not known to be safe.
      (error.code === "standby-failed" && stop.requested && this.#linkIsBad) ||
      (error.code === "workspace-failed" && this.operator.diskWasFull) ||
      (["link-lost", "port-failed", "chip-refused"].includes(error.code) && this.#linkIsBad);
    if (!expected) throw error;
  }

  /** @param done  then nothing but a bad line can have kept the order from the chip. */
  #checkStandby(done: boolean): void {
    if (!this.firmware.inStandby) {
      const excused = this.#lineIsBad || (!done && this.#linkIsBad);
      claim(excused, () => "a process ended, and the chip is not in standby");
    }
    this.#leaveAlone();
  }

  /** Whatever became of the host, the chip is safe when it has heard nothing for long enough. */
  #leaveAlone(): void {
    const { watchdogMicroseconds } = this.world.preset.firmware;
    this.firmware.tick(this.time.nowMicroseconds() + watchdogMicroseconds + 1);
    claim(this.firmware.inStandby, () => "the chip's watchdog did not put it in standby");
  }

  /** Something may be lost on the line. */
  get #lineIsBad(): boolean {
    return Object.values(this.world.faults.line).some((chance) => chance > 0) || this.#linkIsBad;
  }

  /** The link ends, or falls silent, sooner or later. */
  get #linkIsBad(): boolean {
    return this.world.faults.events.length > 0 || this.world.deeds.some(({ deed }) => deed === "unplug");
  }
}

const mostTries = 60;
