import { groupNamed, outcomeOfShares } from "../src/results/wholeReader.ts";
import { type GroupId, type GroupShare, ownRunsOf, type RunGroup } from "../src/run/groups.ts";
import type { RunId, RunRequest, RunStore } from "../src/run/store.ts";
import type { LiveDesk } from "./liveDesk.ts";
import type { Phase, RunState, WrittenNote } from "./liveState.ts";
import type { NetworkLine, NetworkPhase, NetworkState, ShareLine } from "./networkState.ts";

/** The networks that are laid over several chips: each is what the desk knows of its runs, put together. */
export class NetworkDesk {
  readonly #store: RunStore;
  readonly #desk: LiveDesk;
  /** Runs that stay in memory while a page shows their network, and what lets go of each. */
  readonly #held = new Map<GroupId, { lookers: number; readonly runs: Map<RunId, () => void> }>();

  constructor(store: RunStore, desk: LiveDesk) {
    this.#store = store;
    this.#desk = desk;
  }

  /** Keeps the runs of a network in memory while a page shows it. */
  async lookOn(id: GroupId, looking: () => Promise<void>): Promise<void> {
    const held = this.#held.get(id) ?? { lookers: 0, runs: new Map<RunId, () => void>() };
    this.#held.set(id, held);
    held.lookers++;
    try {
      await looking();
    } finally {
      held.lookers--;
      if (held.lookers === 0) {
        this.#held.delete(id);
        for (const giveBack of held.runs.values()) giveBack();
      }
    }
  }

  /** The newest first. */
  async lines(): Promise<readonly NetworkLine[]> {
    const groups = await this.#store.groups();
    if (groups.length === 0) return [];
    const runs = new Map((await this.#desk.runs()).map((line) => [line.run, line]));
    const ownRuns = ownRunsOf(groups);
    const lines = groups.map(({ id, title, begunAt, shares }): NetworkLine => {
      const held = shares.map(({ run }) => (run !== undefined && runs.has(run) ? run : null));
      const known = held.flatMap((run) => (run === null ? [] : [runs.get(run)!]));
      const own = ownRuns.get(id)!.filter((run) => runs.has(run));
      return {
        network: id,
        title,
        startedAt: begunAt,
        outcome: outcomeOfShares(
          known.map(({ outcome }) => outcome),
          known.length < shares.length,
        ),
        runs: held,
        own,
        archived: known.length > 0 && known.every(({ archived }) => archived),
      };
    });
    return lines.toReversed();
  }

  /** Throws `bad-argument` for a network that there is not. */
  async state(id: GroupId): Promise<NetworkState> {
    const group = await groupNamed(this.#store, id);
    const known = new Set((await this.#desk.runs()).map(({ run }) => run));
    const states = await Promise.all(
      group.shares.map(async ({ run }) =>
        run !== undefined && known.has(run) ? this.#stateOf(id, run) : undefined,
      ),
    );
    const correctedBy = (await this.#store.groups()).find(({ corrects }) => corrects === id)?.id ?? null;
    return together(group, correctedBy, states);
  }

  /** Asks all of its runs. @returns whether any of them may still hear it. */
  async ask(id: GroupId, request: RunRequest | undefined): Promise<boolean> {
    const { shares } = await groupNamed(this.#store, id);
    const heard = await Promise.all(
      shares.flatMap(({ run }) => (run === undefined ? [] : [this.#desk.ask(run, request)])),
    );
    return heard.includes(true);
  }

  #stateOf(id: GroupId, run: RunId): Promise<RunState> {
    const held = this.#held.get(id)?.runs;
    if (held !== undefined && !held.has(run)) held.set(run, this.#desk.hold(run));
    return this.#desk.state(run, undefined);
  }
}

function together(
  { id, title, begunAt, corrects, spares, shares }: RunGroup,
  correctedBy: GroupId | null,
  states: readonly (RunState | undefined)[],
): NetworkState {
  const known = states.filter((state) => state !== undefined);
  const sum = (of: (state: RunState) => number): number => known.reduce((all, state) => all + of(state), 0);
  const hearing = known.filter(({ hears }) => hears);
  const heard = known.flatMap(({ heardAt }) => heardAt ?? []).sort();
  const rates = known.flatMap(({ devicesPerSecond }) => devicesPerSecond ?? []);
  const left = known.flatMap(({ secondsLeft }) => secondsLeft ?? []);
  return {
    network: id,
    title,
    startedAt: begunAt,
    corrects: corrects ?? null,
    correctedBy,
    ...writtenOnAll(known),
    spares,
    phase: phaseOf(
      known.map(({ phase }) => phase),
      known.length < shares.length,
    ),
    hears: hearing.length > 0,
    paused: hearing.length > 0 && hearing.every(({ phase }) => phase === "paused"),
    heardAt: heard.at(-1) ?? null,
    devices: sum(({ devices }) => devices),
    settled: sum(({ settled }) => settled),
    judged: sum(({ judged }) => judged),
    accepted: sum(({ accepted }) => accepted),
    done: sum(({ done }) => done),
    pulses: sum(({ pulses }) => pulses),
    turns: sum(({ turns }) => turns),
    sweeps: sum(({ sweeps }) => sweeps),
    devicesPerSecond: rates.length === 0 ? null : rates.reduce((all, rate) => all + rate, 0),
    secondsLeft: left.length === 0 ? null : Math.max(...left),
    shares: shares.map((share, k) => lineOf(share, k, states[k])),
  };
}

/** What was written on the whole stands with each of its runs. */
function writtenOnAll(
  states: readonly RunState[],
): Pick<NetworkState, "tags" | "notes" | "operator" | "archived"> {
  const [first, ...others] = states;
  if (first === undefined) return { tags: [], notes: [], operator: null, archived: false };
  const same = (one: WrittenNote, other: WrittenNote): boolean =>
    one.at === other.at && one.lines.join("\n") === other.lines.join("\n");
  return {
    tags: first.tags.filter((tag) => others.every(({ tags }) => tags.includes(tag))),
    notes: first.notes.filter(
      (note) => note.of === "run" && others.every(({ notes }) => notes.some((one) => same(one, note))),
    ),
    operator: others.every(({ operator }) => operator === first.operator) ? first.operator : null,
    archived: states.every(({ archived }) => archived),
  };
}

/** The whole is programmed while any of it is, and done when all of it is. */
function phaseOf(phases: readonly Phase[], isIncomplete: boolean): NetworkPhase {
  const first = (["programming", "paused", "reading"] as const).find((phase) => phases.includes(phase));
  if (first !== undefined) return first;
  if (isIncomplete || phases.includes("failed")) return "not complete";
  return (["interrupted", "watch ended"] as const).find((phase) => phases.includes(phase)) ?? "done";
}

function lineOf(
  { firstTile, tiles, chip: address, before }: GroupShare,
  share: number,
  state: RunState | undefined,
): ShareLine {
  return {
    share: share + 1,
    firstTile,
    tiles,
    address,
    run: state?.run ?? null,
    chip: state?.chip ?? null,
    phase: state?.phase ?? null,
    devices: state?.devices ?? 0,
    settled: state?.settled ?? 0,
    judged: state?.judged ?? 0,
    accepted: state?.accepted ?? 0,
    done: state?.done ?? 0,
    linkDown: state?.link.down ?? false,
    before: before.map(({ chip, run = null, at, why }) => ({ address: chip, run, at, why })),
  };
}
