import { figuresOf } from "../src/results/listedFigures.ts";
import { standingOf } from "../src/results/outcome.ts";
import { type FilterTerm, type ListedRun, parseFilter, passes } from "../src/results/runFilter.ts";
import type { ChipKey } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import { type ChipNote, noLabels, placeOnWafer } from "../src/run/labels.ts";
import { type RunGroup, runsOf } from "../src/run/groups.ts";
import type { ListReader, RunStore, RunSummary } from "../src/run/store.ts";
import { wallTime } from "./wallTime.ts";
import type { Workplace } from "./workplace.ts";

export interface ListOptions {
  /** Terms that all must hold, such as `tag=ald yield<99 age<7d`; docs/runs.md has the keys. */
  readonly where?: string | undefined;
  /** List archived runs too. A filter that asks for `archived` does so itself. */
  readonly archived?: boolean | undefined;
}

export interface RunList {
  readonly runs: readonly ListedRun[];
  /** How many pass the filter and are not listed because they are archived. */
  readonly archivedLeftOut: number;
}

/** The runs of a workspace that pass a filter, the oldest first. Throws `bad-argument` for a filter that cannot be read. */
export async function listRuns(
  place: Workplace,
  { where = "", archived = false }: ListOptions,
): Promise<RunList> {
  const terms = parseFilter(where);
  const asks = (key: string): boolean => terms.some((term) => term.key === key);
  const store = await place.existingStore();
  const all = await store.runs();
  const lists = await store.forLists({ notes: asks("note") });
  const chips = new ChipNotes(lists);
  const now = Date.parse(wallTime());
  const groups = asks("network") ? await store.groups() : [];
  const runs: ListedRun[] = [];
  let archivedLeftOut = 0;
  for (const summary of all) {
    const listed = await listedRun(store, summary, { lists, chips, now, notes: asks("note"), groups, terms });
    if (listed === undefined) continue;
    if (listed.labels.archived && !archived && !asks("archived")) archivedLeftOut++;
    else runs.push(listed);
  }
  return { runs, archivedLeftOut };
}

interface Listing {
  readonly lists: ListReader;
  readonly chips: ChipNotes;
  readonly now: number;
  /** Whether a filter asks for them. */
  readonly notes: boolean;
  readonly groups: readonly RunGroup[];
  readonly terms: readonly FilterTerm[];
}

/** Undefined for a run that does not pass. */
async function listedRun(
  store: RunStore,
  summary: RunSummary,
  { lists, chips, now, notes, groups, terms }: Listing,
): Promise<ListedRun | undefined> {
  const { id, chipName: name, chipSerialNumber: serialNumber, startedAt } = summary;
  const ofChip = await chips.of({ name, serialNumber });
  let damaged = false;
  // One damaged run does not hide the others.
  const unlessDamaged = <T>(read: Promise<T>, instead: T): Promise<T> =>
    read.catch((error: unknown) => {
      if (!(error instanceof MhoError) || error.facts["what"] === undefined) throw error;
      damaged = true;
      return instead;
    });
  const written = notes ? await unlessDamaged(lists.notes(id), []) : [];
  const own = written.flatMap(({ what, text }) => (what === "note" ? text : []));
  const listed: Omit<ListedRun, "damaged"> = {
    ...(await unlessDamaged(standingOf(lists, summary), summary)),
    labels: await unlessDamaged(lists.labels(id), noLabels),
    ...placeOnWafer(ofChip),
    figures: await unlessDamaged(figuresOf(store, id, lists), unknownFigures),
    ageSeconds: (now - Date.parse(startedAt)) / 1000,
    networks: groups.flatMap((group) => (runsOf(group.shares).includes(id) ? group.id : [])),
    notes: notes ? [...own, ...ofChip.flatMap(({ text }) => text ?? [])] : [],
  };
  const run = { ...listed, damaged };
  return passes(terms, run) ? run : undefined;
}

const unknownFigures = {
  devices: 0,
  pulses: 0,
  yieldPercent: null,
  errorPercent: null,
  errorAgeSeconds: null,
};

/** Of each chip once: many runs are of one. */
class ChipNotes {
  readonly #store: ListReader;
  readonly #known = new Map<string, Promise<readonly ChipNote[]>>();

  constructor(store: ListReader) {
    this.#store = store;
  }

  of(chip: ChipKey): Promise<readonly ChipNote[]> {
    const key = JSON.stringify([chip.name, chip.serialNumber]);
    const notes = this.#known.get(key) ?? this.#store.chipNotes(chip);
    this.#known.set(key, notes);
    return notes;
  }
}
