import { MhoError } from "../src/errors.ts";
import type { ChipKey } from "../src/chip/driver.ts";
import { harmless } from "../src/harmless.ts";
import {
  checkLine,
  checkNote,
  checkTags,
  type ChipNote,
  type FirstLabels,
  type RunLabels,
} from "../src/run/labels.ts";
import { isGroupName } from "../src/run/groups.ts";
import type { RunId, RunStore, RunSummary } from "../src/run/store.ts";
import type { LabelOptions } from "./labelOptions.ts";
import { addressBehind } from "./nicknames.ts";
import { isRunName, runOrGroupNamed, runsNamed } from "./runName.ts";
import { wallTime } from "./wallTime.ts";
import type { Workplace } from "./workplace.ts";

/** The part of a plan that is made of these. Throws `bad-argument` for a text that cannot be kept. */
export function labelled(
  { config, job }: Pick<Workplace, "config" | "job">,
  { title, note, tags: given = [], operator = config.operator }: LabelOptions,
): { readonly labels: FirstLabels; readonly title?: string } {
  const tags = [...new Set([...config.defaults.tags, ...given])];
  checkLine("--title", title);
  checkNote(note);
  checkTags(tags);
  checkLine("--operator", operator);
  return { labels: { tags, note, operator, job }, ...(title !== undefined && { title }) };
}

export interface NoteOptions {
  /** Who writes it; that of the config file where none is given. */
  readonly operator?: string | undefined;
  /** Of a chip: the wafer that it was cut from. */
  readonly wafer?: string | undefined;
  /** Of a chip: its place on the wafer. */
  readonly die?: string | undefined;
}

/** What a note was written on. */
export type Noted =
  | { readonly run: RunId; readonly chip: undefined }
  | { readonly run: undefined; readonly chip: ChipKey; readonly notes: readonly ChipNote[] };

/** Writes a note on a run, or on a chip that runs were made on. */
export async function note(
  place: Workplace,
  subject: string,
  text: string | undefined,
  { operator = place.operator, wafer, die }: NoteOptions,
): Promise<Noted> {
  checkNote(text);
  checkLine("--operator", operator);
  checkLine("--wafer", wafer);
  checkLine("--die", die);
  const store = await writable(place);
  const by = operator === undefined ? {} : { by: operator };
  if (isRunName(subject) || isGroupName(subject)) {
    if (wafer !== undefined || die !== undefined)
      throw new MhoError(
        "bad-argument",
        "--wafer and --die are of a chip, not of a run or a network. Name the chip.",
      );
    if (text === undefined) throw new MhoError("bad-argument", `Write what is to be noted of ${subject}.`);
    const noted = { notedAt: wallTime(), what: "note", text, ...by } as const;
    for (const run of await runsNamed(store, [subject])) {
      // Throws for a run that the workspace does not have.
      await store.summary(run);
      await store.appendNote(run, noted);
    }
    return { run: subject, chip: undefined };
  }
  if (text === undefined && wafer === undefined && die === undefined)
    throw new MhoError("bad-argument", `Write what is to be noted of ${subject}, or give --wafer or --die.`);
  const chip = chipAmong(await store.runs(), subject, addressBehind(place.config, subject));
  await store.appendChipNote(chip, {
    notedAt: wallTime(),
    ...by,
    ...(text !== undefined && { text }),
    ...(wafer !== undefined && { wafer }),
    ...(die !== undefined && { die }),
  });
  return { run: undefined, chip, notes: await store.chipNotes(chip) };
}

export interface TagOptions {
  /** Take the tags away. */
  readonly remove?: boolean | undefined;
  readonly operator?: string | undefined;
}

/** Puts tags on a run, or on each run of a network, or takes them away. @returns the labels as they are then; of a network those of all its runs. */
export async function tag(
  place: Workplace,
  given: string,
  tags: readonly string[],
  { remove = false, operator = place.operator }: TagOptions,
): Promise<RunLabels> {
  const named = runOrGroupNamed(given);
  checkTags(tags);
  checkLine("--operator", operator);
  if (tags.length === 0) throw new MhoError("bad-argument", `Name the tags, such as mho tag ${named} ald.`);
  const store = await writable(place);
  const runs = await runsNamed(store, [named]);
  if (remove) refuseMissing(named, await labelsOfAll(store, runs), tags);
  const by = operator === undefined ? {} : { by: operator };
  const change = { at: wallTime(), ...by, ...(remove ? { remove: tags } : { add: tags }) };
  for (const run of runs) await store.appendLabel(run, change);
  return labelsOfAll(store, runs);
}

/** The labels of the first run, with the tags that all have. */
async function labelsOfAll(store: RunStore, runs: readonly RunId[]): Promise<RunLabels> {
  const [first, ...others] = await Promise.all(runs.map((run) => store.labels(run)));
  return { ...first!, tags: first!.tags.filter((one) => others.every(({ tags }) => tags.includes(one))) };
}

function refuseMissing(named: string, { tags: has }: RunLabels, tags: readonly string[]): void {
  const missing = tags.find((one) => !has.includes(one));
  if (missing === undefined) return;
  if (isGroupName(named))
    throw new MhoError(
      "bad-argument",
      `Not every run of network ${named} has the tag ${missing}. ${has.length === 0 ? "They share none" : `They share ${has.join(", ")}`}.`,
      { network: named },
    );
  const those = has.length === 0 ? "It has none" : `It has ${has.join(", ")}`;
  throw new MhoError("bad-argument", `Run ${named} has no tag ${missing}. ${those}.`, { run: named });
}

/**
 * The chip that a text names: by its serial number, as NAME/NUMBER, by its name where one chip of that name was used, or by the
 * address at which a run began.
 *
 * @param address  that a nickname stands for; the text itself where it is none.
 */
export function chipAmong(runs: readonly RunSummary[], text: string, address = text): ChipKey {
  const chips = new Map<string, ChipKey>();
  for (const { chipName: name, chipSerialNumber: serialNumber, chipAddress } of runs) {
    const names = [serialNumber, `${name}/${serialNumber}`, name];
    if (names.includes(text) || chipAddress === address)
      chips.set(`${name}/${serialNumber}`, { name, serialNumber });
  }
  const [found] = chips.values();
  if (found !== undefined && chips.size === 1) return found;
  const shown = harmless(text, 100);
  if (chips.size > 1) {
    throw new MhoError(
      "bad-argument",
      `${shown} may be several chips: ${[...chips.keys()].join(", ")}. Write one of these.`,
    );
  }
  const all = [...new Set(runs.map((run) => `${run.chipName}/${run.chipSerialNumber}`))];
  const known = all.length === 0 ? "No chip has a run yet." : `Chips with runs are ${all.join(", ")}.`;
  throw new MhoError(
    "bad-argument",
    `There is no run or chip ${shown} in this workspace. ${known} mho show lists the runs.`,
  );
}

async function writable(place: Workplace): Promise<RunStore> {
  const store = await place.existingStore();
  store.mustBeWritable();
  return store;
}
