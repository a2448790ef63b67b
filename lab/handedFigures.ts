import type { ListedFigures, RunId } from "../src/run/store.ts";
import type { Workspace } from "../storage/workspace.ts";
import { agedFiguresOf } from "./agedFigures.ts";
import { hasThreads, inThread } from "./apart/inThread.ts";
import type { Workplace } from "./workplace.ts";

/** Makes figures of a run of the workspace. */
export type FiguresMaker = (run: RunId) => Promise<ListedFigures>;

/** Large runs are judged in a thread of their own, as the process that hands them on may be at work on a chip. */
export function figuresBy(place: Workplace, store: Workspace): FiguresMaker {
  return async (run) => {
    const kept = await store.keptFigures(run);
    if (kept?.aged !== undefined) return kept;
    const { tiles } = await store.plan(run);
    const devices = tiles.reduce((sum, { targetsMicrosiemens }) => sum + targetsMicrosiemens.length, 0);
    const { turns, sweeps } = await store.rowCounts(run);
    const isLarge = (devices * (turns + sweeps)) / tiles.length > mostReadingsHere;
    if (!isLarge || !hasThreads()) return agedFiguresOf(store, run, place.registries.methods);
    // Methods of the lab's own are not known there: of their runs' models nothing is said.
    const options = { workspace: place.folder, config: "none" };
    return (await inThread({ options, name: "figures", args: [run] })) as ListedFigures;
  };
}

/** Takes about a tenth of a second. */
const mostReadingsHere = 1e6;
