import type { DeviceModel } from "../src/model/deviceModel.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { outcomeBy } from "../src/results/outcome.ts";
import { Convergence } from "../src/results/convergence.ts";
import { foldTurn, type RunNote, tileOfEntry } from "../src/run/journal.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { ageShown, tileAge } from "../src/results/sweepTable.ts";
import type { RunId, RunStore, RunSummary, RunRequest } from "../src/run/store.ts";
import { type ExpectedWork, expectedWork } from "../src/run/estimate.ts";
import { builtInMethods } from "../src/program/methods.ts";
import { askedOf, linkOf, logLines, logOf, restNow, sweepText, turnText } from "./liveNotes.ts";
import type { Frame, LogLine, Phase, RunState, ShownTile } from "./liveState.ts";
import { countTile, type LiveTile, newTile, tableOf } from "./liveTile.ts";
import { doneWordOf } from "../src/results/doneWord.ts";
import { Pace } from "../src/results/pace.ts";
import { builtInProcedures, procedureOfMethod } from "../src/measure/procedures.ts";
import { nothingWritten, type Written, writtenOn } from "./written.ts";

/**
 * One run as its journal tells of it, folded as it grows: what was taken in is not read again. It only reads; whoever
 * carries the run out may be another process, or gone.
 */
export class LiveRun {
  readonly run: RunId;
  readonly #store: RunStore;
  readonly #breathe: () => Promise<void>;
  readonly #plan: RunPlan;
  readonly #devicesPerCell: number;
  readonly #model: DeviceModel;
  readonly #tiles: Map<number, LiveTile>;
  readonly #devices: number;
  readonly #measures: boolean;
  readonly #convergence: Convergence;
  readonly #pace: Pace;
  #turns = 0;
  #sweeps = 0;
  #notes: readonly RunNote[] = [];
  #journal: LogLine[] = [];
  #heardAt = "";
  #newestTile: number | undefined;
  #watchAges: readonly number[] = [];
  #request: RunRequest | undefined;
  #written: Written | undefined;
  #catchingUp: Promise<void> = Promise.resolve();

  private constructor(
    store: RunStore,
    run: RunId,
    plan: RunPlan,
    devicesPerCell: number,
    expected: ExpectedWork | undefined,
    breathe: () => Promise<void>,
  ) {
    this.run = run;
    this.#store = store;
    this.#breathe = breathe;
    this.#plan = plan;
    this.#devicesPerCell = devicesPerCell;
    this.#model = modelOf(plan.model);
    this.#pace = new Pace(expected);
    this.#convergence = new Convergence(plan);
    this.#measures = procedureOfMethod(builtInProcedures, plan.method) !== undefined;
    this.#tiles = new Map(plan.tiles.map((tile) => [tile.block.tile, newTile(tile, this.#model)]));
    this.#devices = [...this.#tiles.values()].reduce((sum, { devices }) => sum + devices, 0);
  }

  /**
   * Throws `bad-argument` for a run that the store does not have.
   *
   * @param breathe  called now and then while a long journal is taken in.
   */
  static async open(store: RunStore, run: RunId, breathe: () => Promise<void>): Promise<LiveRun> {
    const plan = await store.plan(run);
    const { geometry } = await store.identity(run);
    const expected = expectedWork(plan, await store.description(run), builtInMethods);
    return new LiveRun(store, run, plan, geometry.devicesPerCell, expected, breathe);
  }

  /** Takes in what was appended since. Calls may overlap. */
  catchUp(): Promise<void> {
    this.#catchingUp = this.#catchingUp.then(
      () => this.#takeIn(),
      () => this.#takeIn(),
    );
    return this.#catchingUp;
  }

  async #takeIn(): Promise<void> {
    const store = this.#store;
    this.#notes = await store.notes(this.run);
    this.#request = await store.request(this.run);
    this.#written = await writtenOn(store, this.run, this.#plan, this.#notes);
    this.#watchAges = (await store.watch(this.run))?.timesSeconds ?? [];
    const resumed = this.#notes.flatMap(({ what, notedAt }) => (what === "resumed" ? [notedAt] : []));
    for await (const turn of store.turns(this.run, this.#turns)) {
      this.#turns++;
      const tile = tileOfEntry(this.#tiles, turn.tile, this.run);
      foldTurn(tile.memory, turn);
      countTile(tile);
      tile.inside = turn.inside;
      this.#convergence.add(tile.memory, tile.targets);
      tile.version++;
      this.#newestTile = turn.tile;
      this.#heard(turn.decidedAt);
      const counts = this.#counts();
      const goneOn = resumed.findLast((at) => at <= turn.decidedAt);
      if (goneOn !== undefined) this.#pace.restUntil(Date.parse(goneOn) / 1000);
      const tileDone = tile.settled >= tile.devices;
      this.#pace.note(Date.parse(turn.decidedAt) / 1000, counts.done, counts.pulses, { ...turn, tileDone });
      this.#log(
        turn.decidedAt,
        "turn",
        turnText(turn.tile, turn.turn, tile, turn.orders, doneWordOf(this.#plan.method)),
      );
      if (this.#turns % rowsABreath === 0) await this.#breathe();
    }
    for await (const sweep of store.sweeps(this.run, this.#sweeps)) {
      const tile = tileOfEntry(this.#tiles, sweep.tile, this.run);
      const { targetsMicrosiemens } = tile.targets;
      sweep.conductanceMicrosiemens.forEach((conductance, i) => {
        if (!Number.isNaN(targetsMicrosiemens[i]!)) tile.memory.lastReadMicrosiemens[i] = conductance;
      });
      tile.version++;
      const table = tableOf(tile, sweep, this.#sweeps);
      // Of a measurement the time is the number of the sweep.
      if (!this.#measures) {
        tile.askedAgeSeconds = sweep.timeSeconds;
        tile.ageSeconds = ageShown(sweep.timeSeconds, [tileAge(table)]);
      }
      tile.drift.add(table);
      tile.frames.push({ sweep: this.#sweeps, ageSeconds: tile.ageSeconds ?? null, takenAt: sweep.takenAt });
      this.#sweeps++;
      this.#newestTile = sweep.tile;
      this.#heard(sweep.takenAt);
      this.#log(sweep.takenAt, "sweep", sweepText(sweep, tile.ageSeconds));
      if (this.#sweeps % rowsABreath === 0) await this.#breathe();
    }
  }

  /**
   * What is to be shown now.
   *
   * @param wanted  the tile whose devices are looked at; undefined for the one that was worked on last.
   */
  state(summary: RunSummary, wanted: number | undefined): Omit<RunState, "network"> {
    const plan = this.#plan;
    const { settled, judged, done, accepted, pulses } = this.#counts();
    const outcome = outcomeBy(summary.outcome, this.#notes);
    const sweepsLeft = this.#sweepsLeft(outcome === "running");
    const phase = this.#phase(outcome, settled, sweepsLeft);
    const hears = phase === "programming" || phase === "reading" || phase === "paused";
    const { devicesPerSecond, pulsesPerSecond } = this.#pace.rates();
    const going = phase === "programming";
    const rate = going && devicesPerSecond > 0 ? devicesPerSecond : null;
    return {
      run: this.run,
      title: plan.title,
      chip: `${plan.chipName} number ${plan.chipSerialNumber}`,
      method: plan.method,
      measures: this.#measures,
      doneWord: doneWordOf(plan.method),
      startedAt: summary.startedAt,
      madeAt: summary.madeAt ?? null,
      ...(this.#written ?? nothingWritten),
      phase,
      asked: askedOf(this.#request, phase === "paused"),
      hears,
      goesOnWith: outcome === "done" ? "watch" : "resume",
      heardAt: this.#newestWord(),
      devices: this.#devices,
      settled,
      judged,
      accepted,
      done,
      pulses,
      turns: this.#turns,
      sweeps: this.#sweeps,
      sweepsLeft,
      devicesPerSecond: rate,
      pulsesPerSecond: going && pulsesPerSecond > 0 ? pulsesPerSecond : null,
      secondsLeft: going ? (this.#pace.secondsLeft(this.#devices) ?? null) : null,
      tiles: [...this.#tiles.values()].sort(byTile).map((tile) => ({
        tile: tile.memory.block.tile,
        devices: tile.devices,
        inPlace: tile.settled + tile.inside - (tile.judged - tile.accepted),
        accepted: tile.accepted,
      })),
      convergence: { kind: this.#convergence.kind, points: this.#convergence.points() },
      link: linkOf(this.#notes),
      log: logOf(this.#journal, this.#notes),
      shown: this.#shown(wanted ?? this.#newestTile ?? plan.tiles[0]?.block.tile),
    };
  }

  /**
   * The devices of a tile, row-major, as bytes: float32 targets, float32 readings (both µS, little-endian, NaN for none), then
   * uint8 verdicts. Undefined for a tile that the run does not have.
   */
  devicesOf(tile: number): Uint8Array<ArrayBuffer> | undefined {
    const found = this.#tiles.get(tile);
    if (found === undefined) return undefined;
    const { memory } = found;
    const { targetsMicrosiemens } = found.targets;
    const count = memory.verdicts.length;
    const bytes = new Uint8Array(9 * count);
    new Float32Array(bytes.buffer, 0, count).set(targetsMicrosiemens);
    new Float32Array(bytes.buffer, 4 * count, count).set(memory.lastReadMicrosiemens);
    bytes.set(memory.verdicts, 8 * count);
    return bytes;
  }

  /** When a tile was read; undefined for one that the run does not have. */
  framesOf(tile: number): readonly Frame[] | undefined {
    return this.#tiles.get(tile)?.frames.map(({ ageSeconds, takenAt }) => ({ ageSeconds, takenAt }));
  }

  /** What one of them read, row-major: float32, µS, little-endian, NaN for devices without a target. */
  async frameOf(tile: number, frame: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const found = this.#tiles.get(tile);
    const sweep = found?.frames[frame]?.sweep;
    if (found === undefined || sweep === undefined) return undefined;
    for await (const { conductanceMicrosiemens } of this.#store.sweeps(this.run, sweep)) {
      const { targetsMicrosiemens } = found.targets;
      const read = Float32Array.from(conductanceMicrosiemens, (value, i) =>
        Number.isNaN(targetsMicrosiemens[i]!) ? Number.NaN : value,
      );
      return new Uint8Array(read.buffer);
    }
    return undefined;
  }

  #heard(at: string): void {
    if (at > this.#heardAt) this.#heardAt = at;
  }

  #log(at: string, kind: LogLine["kind"], text: string): void {
    this.#journal.push({ at, kind, text });
    if (this.#journal.length > 2 * logLines) this.#journal = this.#journal.slice(-logLines);
  }

  #counts(): Record<"settled" | "judged" | "done" | "accepted" | "pulses", number> {
    let [settled, judged, done, accepted, pulses] = [0, 0, 0, 0, 0];
    for (const tile of this.#tiles.values()) {
      settled += tile.settled;
      judged += tile.judged;
      done += tile.settled + tile.inside;
      accepted += tile.accepted;
      pulses += tile.pulses;
    }
    return { settled, judged, done, accepted, pulses };
  }

  #phase(outcome: RunSummary["outcome"], settled: number, sweepsLeft: number | null): Phase {
    const watched = outcome === "done" && sweepsLeft !== null && sweepsLeft > 0;
    if (outcome !== "running" && !watched) return outcome;
    const rest = restNow(this.#notes, this.#heardAt);
    if (rest === "paused") return "paused";
    if (watched && rest !== undefined) return "watch ended";
    return settled < this.#devices ? "programming" : "reading";
  }

  /** Of whoever carries the run out, or its watch. */
  #newestWord(): string | null {
    const noted = this.#notes.at(-1)?.notedAt ?? "";
    return (noted > this.#heardAt ? noted : this.#heardAt) || null;
  }

  /** Of a run that is being carried out, those of its plan; afterwards those of its watch. */
  #sweepsLeft(running: boolean): number | null {
    const { sweepTimesSeconds } = this.#plan;
    if (running) return Math.max(0, this.#tiles.size * sweepTimesSeconds.length - this.#sweeps);
    if (this.#watchAges.length === 0) return null;
    const tiles = [...this.#tiles.values()];
    // A tile without a pulse has no age, but for one that a correction left as it was.
    const aged = this.#plan.corrects === undefined ? tiles.filter(({ pulses }) => pulses > 0) : tiles;
    let left = 0;
    for (const { askedAgeSeconds } of aged) {
      left += this.#watchAges.filter((age) => age > (askedAgeSeconds ?? 0)).length;
    }
    return left;
  }

  #shown(number: number | undefined): ShownTile | null {
    const tile = number === undefined ? undefined : this.#tiles.get(number);
    if (tile === undefined) return null;
    const { block, devicesPerRow } = tile.memory;
    return {
      tile: block.tile,
      version: tile.version,
      rowStart: block.rowStart,
      rows: block.rowCount,
      devicesPerRow,
      devicesPerCell: this.#devicesPerCell,
      maxConductanceMicrosiemens: this.#model.maxConductanceMicrosiemens,
      inOrder: this.#plan.imported !== undefined,
      ageSeconds: tile.ageSeconds ?? null,
      frames: tile.frames.length,
      drift: tile.drift.bands(),
    };
  }
}

const byTile = (a: LiveTile, b: LiveTile): number => a.memory.block.tile - b.memory.block.tile;

/** A row of the journal is a few hundred kilobytes at most. */
const rowsABreath = 8;
