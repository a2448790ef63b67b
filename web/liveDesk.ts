import { MhoError } from "../src/errors.ts";
import { type RunGroup, runsOf } from "../src/run/groups.ts";
import { noLabels, type RunLabels } from "../src/run/labels.ts";
import type { ListReader, RunId, RunRequest, RunStore, RunSummary } from "../src/run/store.ts";
import { standingOf } from "../src/results/outcome.ts";
import { LiveRun } from "./liveRun.ts";
import type { Frame, RunLine, RunState } from "./liveState.ts";

/** The runs that somebody looks at now; each is folded once, however many look, and forgotten when nobody does. */
export class LiveDesk {
  readonly #store: RunStore;
  readonly #breathe: () => Promise<void>;
  readonly #open = new Map<RunId, { live: Promise<LiveRun> | undefined; lookers: number }>();
  #lines:
    | { readonly of: readonly RunSummary[]; readonly state: string; readonly lines: readonly RunLine[] }
    | undefined;

  readonly #readOnly: boolean;

  /**
   * @param breathe   called now and then while a long journal is read.
   * @param readOnly  whether runs can be asked for nothing.
   */
  constructor(store: RunStore, breathe: () => Promise<void> = nextTurnOfTheLoop, readOnly = false) {
    this.#readOnly = readOnly;
    this.#store = store;
    this.#breathe = breathe;
  }

  /** Keeps a run at hand while somebody looks on. An empty name is for who looks at no run. */
  async lookOn(run: RunId, looking: () => Promise<void>): Promise<void> {
    if (run === "") return looking();
    const giveBack = this.hold(run);
    try {
      await looking();
    } finally {
      giveBack();
    }
  }

  /** Keeps a run at hand. @returns what gives it back. */
  hold(run: RunId): () => void {
    const held = this.#open.get(run) ?? { live: undefined, lookers: 0 };
    this.#open.set(run, held);
    held.lookers++;
    return () => {
      held.lookers--;
      if (held.lookers === 0) this.#open.delete(run);
    };
  }

  /** A text that is another when there may be something new to tell. */
  stamp(): Promise<string> {
    return this.#store.stamp();
  }

  /** The newest first; the same list as long as none began, ended or was labelled. */
  async runs(): Promise<readonly RunLine[]> {
    const of = await this.#store.runs();
    const lists = await this.#store.forLists({ notes: false });
    const standing = await Promise.all(of.map((summary) => standingOf(lists, summary)));
    const state = `${await this.#store.newestLabel()} ${standing.map(({ outcome }) => outcome).join()}`;
    if (this.#lines?.of !== of || this.#lines.state !== state) {
      const lines = await Promise.all(
        standing.map(async ({ id, title, chipName, chipSerialNumber, startedAt, outcome, madeAt = null }) => {
          const { tags, archived } = await labelsOf(lists, id);
          const chip = `${chipName} number ${chipSerialNumber}`;
          return { run: id, title, chip, startedAt, outcome, tags, archived, madeAt };
        }),
      );
      this.#lines = { of, state, lines: lines.toReversed() };
    }
    return this.#lines.lines;
  }

  /** Throws `bad-argument` for a run that there is not. */
  async state(run: RunId, tile: number | undefined): Promise<RunState> {
    const live = await this.#live(run);
    await live.catchUp();
    const network = networkHolding(await this.#store.groups(), run);
    const state = { ...live.state(await this.#store.summary(run), tile), network };
    // A run of a bench hears what it is asked there.
    return this.#readOnly || state.madeAt !== null ? { ...state, hears: false } : state;
  }

  async devicesOf(run: RunId, tile: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const live = await this.#live(run);
    await live.catchUp();
    return live.devicesOf(tile);
  }

  async framesOf(run: RunId, tile: number): Promise<readonly Frame[] | undefined> {
    const live = await this.#live(run);
    await live.catchUp();
    return live.framesOf(tile);
  }

  async frameOf(run: RunId, tile: number, frame: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const live = await this.#live(run);
    await live.catchUp();
    return live.frameOf(tile, frame);
  }

  /** @returns whether the run, or a watch of it, may still hear what it is asked. */
  async ask(run: RunId, request: RunRequest | undefined): Promise<boolean> {
    if (!(await this.state(run, undefined)).hears) return false;
    await this.#store.setRequest(run, request);
    return true;
  }

  async #live(run: RunId): Promise<LiveRun> {
    const held = this.#open.get(run);
    const live = held?.live ?? LiveRun.open(this.#store, run, this.#breathe);
    if (held !== undefined) held.live = live;
    try {
      return await live;
    } catch (error) {
      // The run may begin while somebody looks on: the next look tries again.
      if (held?.live === live) held.live = undefined;
      throw error;
    }
  }
}

/** Which share of which network a run holds, or held before its chip failed; null for a run by itself. */
function networkHolding(groups: readonly RunGroup[], run: RunId): RunState["network"] {
  for (const { id, shares } of groups) {
    const at = shares.findIndex((share) => runsOf([share]).includes(run));
    if (at >= 0) return { network: id, share: at + 1, shares: shares.length, left: shares[at]!.run !== run };
  }
  return null;
}

/** A run whose labels are damaged is listed without them; looked at, it says what is damaged. */
function labelsOf(lists: ListReader, run: RunId): Promise<RunLabels> {
  return lists.labels(run).catch((error: unknown) => {
    if (error instanceof MhoError) return noLabels;
    throw error;
  });
}

/** Other pages, and who wants the server to end, are heard meanwhile. */
function nextTurnOfTheLoop(): Promise<void> {
  return new Promise((next) => setImmediate(next));
}
