import type { ChipKey } from "../../src/chip/driver.ts";
import { executeRun, resumeRun } from "../../src/run/engine.ts";
import type { GroupId } from "../../src/run/groups.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";
import type { NetworkShareFields } from "../events.ts";
import type { ChiplessPlan } from "../program.ts";
import { patience } from "../session.ts";
import { wallTime } from "../wallTime.ts";
import type { Workplace } from "../workplace.ts";
import { groupEnd, type ShareEnd, tellEnd } from "./groupEnd.ts";
import { isOfChip } from "./isOfChip.ts";
import { InTurn } from "./inTurn.ts";
import { RollCall } from "./rollCall.ts";

/** Work on the shares of a network. */
export interface GroupWork {
  /** Its id; where it is new, it is begun when this is first called. */
  readonly begin: () => Promise<GroupId>;
  readonly title: string;
  /** How many shares there are, with those that need no work. */
  readonly shares: number;
  readonly work: readonly ShareWork[];
  readonly spares: readonly string[];
  /** Chips that hold other shares. */
  readonly held: readonly { readonly chip: ChipKey; readonly address: string }[];
  readonly resumed: boolean;
  /** What is done with a share on a chip that has no run of it yet: it is programmed. */
  readonly fields: readonly NetworkShareFields[];
}

export interface ShareWork {
  readonly share: number;
  readonly firstTile: number;
  readonly chip: string;
  /** The run that goes on; undefined where it is to begin. */
  readonly run: RunId | undefined;
  /** What is programmed where no run goes on. */
  readonly plan: () => Promise<ChiplessPlan>;
}

/**
 * Works on the shares of a network side by side, each on its chip. A chip that fails does not stop the others; its share begins anew on
 * a spare, where there is one.
 *
 * @returns the group, all of it done. Throws what is not done, and why.
 */
export async function workGroup(place: Workplace, group: GroupWork): Promise<GroupId> {
  const store = await place.writableStore();
  const roll = new RollCall(
    group.work.map(({ share }) => share),
    group.held,
  );
  const spares = [...group.spares];
  let id: Promise<GroupId> | undefined;
  const begin = (): Promise<GroupId> => {
    id ??= group.begin().then((network) => {
      const { title, resumed, fields } = group;
      place.emit({ type: "network_started", network, title, shares: fields, spares: spares.length, resumed });
      return network;
    });
    return id;
  };
  const inTurn = new InTurn(group.work.map(({ share }) => share));
  const doing: Doing = { place, store, roll, begin, inTurn, spares };
  const ends = await Promise.all(group.work.map((share) => untilDone(doing, share)));
  const network = await id;
  if (network !== undefined) tellEnd(place, network, ends);
  if (ends.some(({ error }) => error !== undefined)) throw groupEnd(network, ends, group.shares);
  return network!;
}

interface Doing {
  readonly place: Workplace;
  readonly store: RunStore;
  readonly roll: RollCall;
  readonly begin: () => Promise<GroupId>;
  readonly inTurn: InTurn;
  /** Those that are left. */
  readonly spares: string[];
}

async function untilDone(doing: Doing, work: ShareWork): Promise<ShareEnd> {
  const { place, store, roll, begin, inTurn, spares } = doing;
  const { share } = work;
  let { chip, run } = work;
  for (;;) {
    let begun = run;
    try {
      await onChip(doing, work, chip, run, (id) => (begun = id));
      return { share, chip, run: begun, error: undefined };
    } catch (error) {
      roll.gone(share);
      inTurn.passed(share);
      const end = { share, chip, run: begun, error };
      if (!isOfChip(error) || place.stop.requested || (await isDone(store, begun))) return end;
      const begins = await roll.complete();
      const spare = spares.shift();
      // Nothing has begun: the error is the command's.
      if (spare === undefined && !begins) return end;
      const network = await begin();
      place.emit({
        type: "share_failed",
        network,
        share: share + 1,
        chip,
        run: begun ?? null,
        code: error.code,
        message: error.message,
        spare: spare ?? null,
      });
      if (spare === undefined) return end;
      await store.appendGroup({
        kind: "moved",
        at: wallTime(),
        group: network,
        share,
        chip: spare,
        why: error.message,
      });
      [chip, run] = [spare, undefined];
    }
  }
}

/** A run that ended well leaves nothing to do for a spare, whatever became of its chip. */
async function isDone(store: RunStore, run: RunId | undefined): Promise<boolean> {
  return run !== undefined && (await store.summary(run)).outcome === "done";
}

/** Carries a share out on a chip, or goes on with its run there. */
async function onChip(
  { place, roll, begin, inTurn }: Doing,
  { share, firstTile, plan }: ShareWork,
  chip: string,
  run: RunId | undefined,
  onRun: (run: RunId) => void,
): Promise<void> {
  const session = run === undefined ? await place.session(chip) : await place.sessionOf(run, chip);
  await session.work(patience.programMilliseconds, async (context, identity) => {
    const { name: chipName, serialNumber: chipSerialNumber } = identity;
    const planned = run === undefined ? await plan() : undefined;
    await roll.answered(share, chip, identity);
    const group = await begin();
    const listening = {
      ...context,
      onEvent: (event: Parameters<typeof context.onEvent>[0]) => {
        if (event.type === "started") {
          onRun(event.run);
          inTurn.passed(share);
        }
        context.onEvent(event);
      },
    };
    if (planned === undefined) {
      inTurn.passed(share);
      return resumeRun(listening, run!);
    }
    await inTurn.turnOf(share);
    const at = { chipAddress: chip, chipName, chipSerialNumber, share: { group, share, firstTile } };
    return executeRun(listening, { ...planned, ...at });
  });
}
