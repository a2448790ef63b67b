import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import { counted } from "../src/counted.ts";
import { MhoError } from "../src/errors.ts";
import { shellWord } from "../src/shell.ts";
import { differenceOf, keptBack } from "../storage/handOn/difference.ts";
import { HandOnServer } from "../storage/handOn/handOnServer.ts";
import { type HandedOn, type Piece, runName } from "../storage/handOn/piece.ts";
import { openServer, type Server } from "../storage/postgres/connection.ts";
import { isPassing } from "../storage/postgres/serverFailure.ts";
import type { Workspace } from "../storage/workspace.ts";
import { isDamage } from "./agedFigures.ts";
import type { BenchEvent } from "./events.ts";
import { type FiguresMaker, figuresBy } from "./handedFigures.ts";
import type { Workplace } from "./workplace.ts";

export interface HandOnOptions {
  /** The server: `postgres://user@host/database`, without a password. */
  readonly to: string;
  /** The bench's name at the server. What it has been handed on as before holds where none is given; else this machine's name. */
  readonly bench?: string | undefined;
  /** Go on while runs are made, until the bench is stopped, and wait for a server that is away. */
  readonly follow?: boolean | undefined;
  /** The workspace was restored from an older copy: hand it on under another name, beside what was handed on before. */
  readonly restored?: boolean | undefined;
}

export interface HandedOnRuns {
  readonly server: string;
  /** The bench's name there. */
  readonly bench: string;
  /** Rows that were handed on by this call: turns, sweeps, notes and so on. */
  readonly rows: number;
  /** Runs that began or changed at the server. */
  readonly runs: number;
}

/** What a hand-on does beside its work; tests have their own. */
export interface HandOnManner {
  /** Throws where it is told to stop. @param why  nothing is new, or the server is away. */
  wait(milliseconds: number, signal: AbortSignal, why: "idle" | "away"): Promise<void>;
  /** Parts of a workspace that go into one commit at most. */
  readonly piecesInCommit: number;
}

const usualManner: HandOnManner = {
  wait: async (milliseconds, signal) => {
    await setTimeout(milliseconds, undefined, { signal });
  },
  // A commit is as large as takes little memory, and as small as may be done again where the line is cut.
  piecesInCommit: 1000,
};

/**
 * Copies to a server what the workspace has and the server has not: in order, and exactly once. It may be stopped at any point and
 * begun again.
 *
 * @throws `workspace-failed` where the server is away (but `follow`), or has what this workspace has not.
 */
export async function handOn(
  place: Workplace,
  options: HandOnOptions,
  manner: HandOnManner = usualManner,
): Promise<HandedOnRuns> {
  checkName(options.bench);
  const store = await place.folderStore("a workspace is handed on from a folder to a server");
  const handing = new Handing(store, options, place, manner, figuresBy(place, store));
  try {
    if (options.follow !== true) await handing.all();
    else await handing.follow();
    return handing.result;
  } finally {
    await handing.close();
  }
}

/** The same, again and again, by one who has the workspace open. Whose `all` failed is to be closed, and made anew. */
export function openHanding(
  store: Workspace,
  options: Pick<HandOnOptions, "to" | "bench">,
  place: Pick<Workplace, "emit" | "signal">,
  figures: FiguresMaker,
): { all(): Promise<void>; close(): Promise<void> } {
  return new Handing(store, options, place, usualManner, figures);
}

const pollMilliseconds = 1000;
const away = { firstMilliseconds: 1000, mostMilliseconds: 60_000 };

class Handing {
  readonly #store: Workspace;
  readonly #options: HandOnOptions;
  readonly #emit: (event: BenchEvent) => void;
  readonly #signal: AbortSignal;
  readonly #manner: HandOnManner;
  readonly #figures: FiguresMaker;
  readonly #runs = new Set<string>();
  readonly #toldSealed = new Set<number>();
  #server: Server | undefined;
  #bench: HandOnServer | undefined;
  /** What the server has; undefined where it has to be asked. */
  #handedOn: HandedOn | undefined;
  #rows = 0;
  #name = "";

  constructor(
    store: Workspace,
    options: HandOnOptions,
    { emit, signal }: Pick<Workplace, "emit" | "signal">,
    manner: HandOnManner,
    figures: FiguresMaker,
  ) {
    this.#figures = figures;
    this.#manner = manner;
    this.#store = store;
    this.#options = options;
    this.#emit = emit;
    this.#signal = signal;
  }

  get result(): HandedOnRuns {
    return { server: this.#options.to, bench: this.#name, rows: this.#rows, runs: this.#runs.size };
  }

  /** Until the server has all that the workspace has. Throws `interrupted` where it is stopped. */
  async all(): Promise<void> {
    while (await this.#pass()) if (this.#signal.aborted) throw this.#stopped();
    if (this.#signal.aborted) throw this.#stopped();
  }

  /** Until it is stopped. */
  async follow(): Promise<void> {
    let lost: number | undefined;
    let stamp: string | undefined;
    while (!this.#signal.aborted) {
      let pause = pollMilliseconds;
      try {
        const now = await this.#store.stamp();
        // What is written while it hands on has the next look see another stamp.
        const more = now !== stamp && (await this.#pass());
        if (lost !== undefined) {
          this.#emit({ type: "server_back", server: this.#options.to });
          lost = undefined;
        }
        if (more) continue;
        stamp = now;
      } catch (error) {
        if (!isPassing(error) || this.#bench === undefined) throw error;
        if (lost === undefined)
          this.#emit({ type: "server_away", server: this.#options.to, message: (error as MhoError).message });
        lost = Math.min(away.mostMilliseconds, 2 * (lost ?? away.firstMilliseconds / 2));
        // Whether it took what it was given last is not known.
        this.#handedOn = undefined;
        stamp = undefined;
        pause = lost;
      }
      await this.#manner
        .wait(pause, this.#signal, lost === undefined ? "idle" : "away")
        .catch((error: unknown) => {
          if (!this.#signal.aborted) throw error;
        });
    }
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** Hands on what there is. @returns whether there was anything. */
  async #pass(): Promise<boolean> {
    const bench = (this.#bench ??= await this.#open());
    const before = (this.#handedOn ??= await bench.handedOn());
    this.#tellSealed(before);
    let [some, bytes] = [[] as Piece[], 0];
    let any = false;
    for await (const piece of differenceOf(this.#store, before)) {
      any = true;
      some.push(piece);
      bytes += sizeOf(piece);
      if (bytes < commitBytes && some.length < this.#manner.piecesInCommit) continue;
      if (!(await this.#commit(bench, some))) return true;
      [some, bytes] = [[], 0];
      if (this.#signal.aborted) return true;
    }
    if (some.length > 0) await this.#commit(bench, some);
    if (!any) await this.#handFigures(bench);
    return any;
  }

  /** What the runs come to, for those who look: the bench has the rows at hand. It goes with the rows, and not before them. */
  async #handFigures(bench: HandOnServer): Promise<void> {
    for (const one of await bench.runsWithoutFigures()) {
      if (this.#signal.aborted) return;
      const run = runName(one.run);
      const counts = await this.#store.rowCounts(run).catch(unlessDamaged);
      // What the bench has more of is handed on first.
      if (counts?.turns !== one.turns || counts.sweeps !== one.sweeps) continue;
      const figures = await this.#figures(run).catch(unlessDamaged);
      if (figures !== undefined) await bench.keepFigures(one, figures);
    }
  }

  /** @returns false where another program handed on meanwhile. */
  async #commit(bench: HandOnServer, pieces: readonly Piece[]): Promise<boolean> {
    const now = await bench.take(pieces, this.#handedOn!);
    this.#handedOn = now;
    if (now === undefined) return false;
    const numbers = new Set(pieces.map((piece) => ("row" in piece ? piece.row.id : piece.run)));
    numbers.delete(0);
    const rows = pieces.reduce((sum, piece) => sum + (piece.kind === "rows" ? piece.rows.length : 0), 0);
    this.#rows += rows;
    const runs = [...numbers].map(runName);
    for (const run of runs) this.#runs.add(run);
    this.#emit({ type: "handed_on", bench: bench.name, runs, rows });
    return true;
  }

  async #open(): Promise<HandOnServer> {
    const server = (this.#server ??= await openServer(this.#options.to));
    const { id } = await this.#store.workspaceId();
    const { bench: name, restored = false } = this.#options;
    const bench = await HandOnServer.open(server, { workspace: id, name, usualName: usualName(), restored });
    this.#name = bench.name;
    this.#emit({ type: "handing_on", server: this.#options.to, bench: bench.name });
    return bench;
  }

  #tellSealed(handedOn: HandedOn): void {
    const news = keptBack(this.#store, handedOn).filter((run) => !this.#toldSealed.has(run));
    if (news.length === 0) return;
    for (const run of news) this.#toldSealed.add(run);
    const runs = news.map(runName).join(", ");
    this.#emit({
      type: "warning",
      code: "sealed_at_server",
      message: `${runs} ${news.length === 1 ? "was" : "were"} sealed at the server: what was read since stays here.`,
      name: runs,
      why: null,
    });
  }

  #stopped(): MhoError {
    return new MhoError(
      "interrupted",
      `Stopped. The server ${this.#options.to} has ${counted(this.#rows, "row")} more than before. The same command goes on: mho hand-on --to ${shellWord(this.#options.to)}`,
      { server: this.#options.to },
    );
  }
}

const commitBytes = 2 ** 23;

/** Of a run that is damaged nothing is said; mho check names the damage. */
function unlessDamaged(error: unknown): undefined {
  if (!isDamage(error)) throw error;
}

function sizeOf(piece: Piece): number {
  const sizeOfRows = (rows: readonly object[]): number =>
    rows
      .flatMap((row) => Object.values(row) as unknown[])
      .reduce<number>((sum, value) => sum + (value instanceof Uint8Array ? value.length : 100), 0);
  return piece.kind === "rows" || piece.kind === "wear" ? sizeOfRows(piece.rows) : 1000;
}

function usualName(): string {
  return (
    hostname()
      .replaceAll(/[^\p{L}\p{N}_.-]/gu, "-")
      .slice(0, longestName) || "bench"
  );
}

const longestName = 64;

function checkName(name: string | undefined): void {
  if (name === undefined) return;
  if (name.length <= longestName && /^[\p{L}\p{N}][\p{L}\p{N}_.-]*$/u.test(name)) return;
  throw new MhoError(
    "bad-argument",
    `--bench: a bench's name has letters, digits and _ . -, begins with a letter or a digit, and is at most ${longestName} characters long.`,
  );
}
