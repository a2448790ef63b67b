import { FaultyLine } from "../../emulator/faultyLine.ts";
import type { Firmware } from "../../emulator/firmware.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../../lab/dialects.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import { exitCodes, MhoError } from "../../src/errors.ts";
import type { RunStore } from "../../src/run/store.ts";
import { openWorkspace, type Workspace } from "../../storage/workspace.ts";
import { Cable } from "./cable.ts";
import { ChipAtHand } from "./chipAtHand.ts";
import { claim } from "./claim.ts";
import { Companion } from "./companion.ts";
import { Controller, type Crossing, type Interference, type ProcessMaker } from "./controller.ts";
import { Files } from "./files.ts";
import { layOut } from "./layers.ts";
import { Liar } from "./liar.ts";
import { Network } from "./network.ts";
import { type Aftermath, Operator } from "./operator.ts";
import { SlowBoard } from "./slowBoard.ts";
import type { SmallDisk } from "./smallDisk.ts";
import { VirtualTime } from "./virtualTime.ts";
import { Visitor } from "./visitor.ts";
import { Witness } from "./witness.ts";
import type { World } from "./world.ts";

/** A world's bench: its chip, its cable, its disk and its operator. Processes come and go on it. */
export class Lab {
  readonly world: World;
  readonly description: ChipDescription;
  readonly address: string;
  readonly time = new VirtualTime();
  readonly chip: ChipAtHand;
  readonly operator: Operator;
  /** Of its chip and the other one; undefined where there is none. */
  readonly network: Network | undefined;
  readonly #cable: Cable;
  readonly #liar: Liar;
  readonly #witness = new Witness();
  readonly #files: Files;
  readonly #visitor: Visitor;
  readonly #companion: Companion | undefined;
  #store: Workspace | undefined;
  #processes = 0;
  /** Something was done to the chip that its run cannot have noticed. */
  #unnoticed = false;
  /** The boot in which it was used so: a reset before its run goes on hides that too. */
  #usedAtBoot: number | undefined;

  /** @param disk  the file system that the folder is on, where it is a small one of the world's own. */
  constructor(
    world: World,
    folder: string,
    disk: SmallDisk | undefined,
    description: ChipDescription,
    address: string,
  ) {
    const { preset, seed, faults, companion } = world;
    this.world = world;
    this.description = description;
    this.address = address;
    this.#files = new Files(folder);
    this.#witness.keepsForGood = () => !this.#files.areAway;
    const firmware =
      world.emulate?.(preset, seed) ??
      emulatedChip(dialectNamed(builtInDialects, world.dialect), preset, seed);
    this.#liar = new Liar(firmware, world.dialect);
    const serialNumber = [`EMU-${seed}`, preset.variant ?? ""].filter(Boolean).join("-");
    const key = { name: preset.name, serialNumber };
    this.chip = new ChipAtHand(firmware, key, faults.clockPartsPerMillion, this.#liar);
    const { readRowMicroseconds: slow } = world;
    const board = slow === undefined ? undefined : new SlowBoard(world.dialect, slow);
    this.#cable = new Cable(new FaultyLine(this.#liar.firmware, faults), this.time, board);
    this.#visitor = new Visitor(world, folder);
    if (companion !== undefined) {
      this.network = new Network(address, layOut(world).length);
      const own = companion === "in its own process";
      this.#companion = new Companion(world, this.time, this.#witness, this.network, own);
    }
    const [cable, witness, lineIsBad] = [this.#cable, this.#witness, this.#lineIsBad];
    const { time } = this;
    const [liar, files] = [this.#liar, this.#files];
    this.operator = new Operator(world.deeds, {
      time,
      firmware,
      liar,
      cable,
      witness,
      files,
      disk,
      lineIsBad,
    });
  }

  /** As it is between two processes. */
  get store(): Workspace {
    claim(this.#store !== undefined, () => "nobody has opened the store yet");
    return this.#store;
  }

  get firmware(): Firmware {
    return this.chip.firmware;
  }

  get processes(): number {
    return this.#processes;
  }

  get faults(): string[] {
    return this.#cable.line.log.map(({ fault }) => fault);
  }

  /** Whether what its runs hold may be held against an undisturbed world: nothing lied about it, and nothing went unnoticed. */
  get isComparable(): boolean {
    const forgot = this.#usedAtBoot !== undefined && this.#usedAtBoot !== this.firmware.boot;
    return !this.#unnoticed && !forgot && ![...this.#liar.told].some((lie) => /codes|time/.test(lie));
  }

  /** The files as a process leaves them that has ended well, and a copy of them. */
  async beginPhase(): Promise<void> {
    if (!this.world.deeds.some(({ deed }) => deed === "restore")) return;
    await this.#store?.close();
    this.#store = undefined;
    await this.#openStore();
    this.#files.backUp();
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
      if ("error" in ended) await this.#checkError(ended.error, controller);
      this.#checkStandby("value" in ended);
      await this.#mend();
      await this.checkStore();
      if ("value" in ended) return ended.value;
    }
    throw new Error(`It was not done after ${mostTries} tries.`);
  }

  /** Nothing that was acknowledged is missing, and no device felt more than is booked. */
  async checkStore(settled = false): Promise<void> {
    await this.#witness.confirm(this.store);
    if (this.#companion?.hasBegun === true) await this.#companion.chip.checkFelt(this.store, false);
    // A board's own loop is booked as one pulse until it has said how many it gave.
    if (this.world.method === "on-board" && !settled) return;
    const visitor = this.#visitor.hasBeen ? await this.#visitor.open() : undefined;
    await this.chip.checkFelt(this.store, settled, visitor === undefined ? [] : [visitor]);
    await visitor?.close();
  }

  /** Begins the other chip's run, if there is one, or lets it go on. */
  async attendCompanion(): Promise<void> {
    const start: ProcessMaker = (store, interfere) =>
      this.#start(this.#companion!.cable, `${this.address}&seed=2`, store, interfere);
    await this.#companion?.attend(this.store, this.#files.folder, start);
  }

  async finishCompanion(): Promise<void> {
    const mayFail = ({ code }: MhoError): boolean => code === "workspace-failed" && this.#filesMayFail;
    for (let tries = 0; this.#companion !== undefined; tries++) {
      claim(tries < mostTries, () => `the run of the other chip was not done after ${mostTries} tries`);
      await this.attendCompanion();
      if ((await this.#companion.settle(mayFail)) === "done") break;
    }
    if (this.#companion === undefined) return;
    await this.#companion.chip.checkFelt(this.store, true);
    await this.network!.check(this.store);
    this.#companion.finish();
  }

  async close(): Promise<void> {
    await this.#companion?.kill();
    await this.#store?.close();
  }

  async #openStore(): Promise<Workspace> {
    this.#store ??= await this.time.whileItStands(() => openWorkspace(this.#files.folder));
    return this.#store;
  }

  async #startController(store: Workspace): Promise<Controller> {
    const { chip, operator, world } = this;
    const witnessed = this.#witness.beside(
      store,
      (run, turn) => {
        if (world.rare) operator.run = run;
        return chip.seeTurn(store, run, turn);
      },
      (run, sweep) => chip.seeSweep(store, run, sweep),
      () => chip.seeForeign(store),
    );
    chip.beginProcess();
    return this.#start(this.#cable, this.address, witnessed, (crossing) =>
      this.operator.interfere(crossing, store),
    );
  }

  /** A port that is not there yet is waited for, as a person would. */
  async #start(
    cable: Cable,
    address: string,
    store: RunStore,
    interfere: (crossing: Crossing) => Promise<Interference>,
  ): Promise<Controller> {
    const session = 1000 * ++this.#processes;
    const { time, description } = this;
    const { dialect } = this.world;
    for (;;) {
      try {
        return new Controller({ time, cable, description, dialect, address, session, store, interfere });
      } catch (error) {
        if (!(error instanceof MhoError) || error.code !== "port-failed") throw error;
        await this.time.sleep(1_000_000);
      }
    }
  }

  async #mend(): Promise<void> {
    const moved = this.#files.areAway;
    // Another file than the one that is open may stand there meanwhile.
    if (moved) await this.#companion?.kill();
    await this.operator.mend();
    if (!moved) return;
    await this.#store?.close();
    this.#store = undefined;
    await this.#openStore();
  }

  /** The files as the death left them, opened by the next process: nothing was closed, and nothing tidied up. */
  async #afterDeath(): Promise<void> {
    const { aftermath } = this.operator;
    this.operator.aftermath = undefined;
    await this.#companion?.kill();
    await this.operator.mend();
    const dead = this.store;
    const restored = aftermath?.deed === "restore" ? aftermath.what : undefined;
    const chips = [this.chip, ...(this.#companion === undefined ? [] : [this.#companion.chip])];
    const remembered = restored && (await Promise.all(chips.map((chip) => chip.remember(dead))));
    const tidy = this.#files.succeed(restored ?? "as it is");
    this.#store = undefined;
    await dead.close();
    tidy();
    const store = await this.#openStore();
    if (restored !== undefined) {
      await this.#witness.rewind(store);
      await this.#companion?.rewind(store);
    }
    for (const compare of remembered ?? []) await compare(store);
    // A copy of before would be of another story from here on.
    if (restored !== undefined) this.#files.backUp();
    await this.checkStore();
    this.#leaveAlone();
    if (aftermath?.deed === "visit") await this.#receive(aftermath);
    if (restored !== undefined || aftermath?.deed === "visit") this.#expectNotice();
  }

  async #receive({ killedAfter }: Extract<Aftermath, { deed: "visit" }>): Promise<void> {
    const start: ProcessMaker = (store, interfere) =>
      this.#start(this.#cable, this.address, store, interfere);
    await this.#visitor.visit(this.chip, start, killedAfter, (error) => this.#linkExcuses(error));
    await this.checkStore();
    this.#leaveAlone();
  }

  /** A board that has no tickets, or forgot them, cannot tell that it was used. */
  #expectNotice(): void {
    if (this.firmware.newestTicket === 0) this.#unnoticed = true;
    this.#usedAtBoot = this.firmware.boot;
  }

  /** Only what was asked for, or what the world's faults may well lead to. */
  async #checkError(error: unknown, { stop }: Controller): Promise<void> {
    if (!(error instanceof MhoError)) throw error;
    const expected =
      (error.code === "interrupted" && stop.requested) ||
      (error.code === "workspace-failed" && this.operator.filesFailed) ||
      (exitCodes[error.code] === 3 && this.#liar.hasLied) ||
      this.#linkExcuses(error) ||
      (await this.#agree(error));
    if (!expected) throw error;
  }

  async #agree(error: MhoError): Promise<boolean> {
    const agreed = await this.chip.agree(this.store, error);
    if (agreed) this.operator.done.push("agree to unknown wear");
    return agreed;
  }

  #linkExcuses({ code }: MhoError): boolean {
    return ["link-lost", "port-failed", "chip-refused", "standby-failed"].includes(code) && this.#linkIsBad;
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

  get #filesMayFail(): boolean {
    return this.world.deeds.some(({ deed }) => ["fill the disk", "remove the workspace"].includes(deed));
  }
}

const mostTries = 60;
