import { MhoError } from "../errors.ts";
import { harmless } from "../harmless.ts";

/** What people write on runs and chips, so that they find them again. It changes nothing of what a run does. */

/** What a run is begun with. */
export interface FirstLabels {
  readonly tags?: readonly string[] | undefined;
  /** Who began it. */
  readonly operator?: string | undefined;
  readonly note?: string | undefined;
  /** The job of the queue that began it, such as j3. */
  readonly job?: string | undefined;
}

/** One change of a run's labels. Changes are only ever added, so it stays known what was changed, and when. */
export interface LabelChange {
  /** Wall time, ISO 8601. */
  readonly at: string;
  /** Who made the change. */
  readonly by?: string | undefined;
  readonly add?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
  readonly operator?: string | undefined;
  readonly job?: string | undefined;
  readonly archived?: boolean | undefined;
  /** Its journal is in a lake and must not change any more; false where it could not be written there. */
  readonly sealed?: boolean | undefined;
  /** The run came out of a pack. */
  readonly unpacked?: Unpacked | undefined;
  /** What was measured was deleted, and its wear stays; false where it came back out of a pack. */
  readonly deleted?: boolean | undefined;
}

/** Where a run came from. */
export interface Unpacked {
  /** The name of the pack's file, without its folder. */
  readonly file: string;
  /** Its id in the workspace that it was packed in. */
  readonly run: string;
  /** SHA-256 of what it began with there: by this it is known again. */
  readonly origin: string;
}

/** A run's labels as they are now. */
export interface RunLabels {
  /** In the order in which they were added. */
  readonly tags: readonly string[];
  readonly operator: string | undefined;
  /** The job of this workspace's queue that began it. */
  readonly job: string | undefined;
  readonly archived: boolean;
  /** Whether its journal is closed for ever: no turn and no sweep is added. */
  readonly sealed: boolean;
  readonly unpacked: Unpacked | undefined;
  /** When it was deleted, wall time; undefined for a run that is there. */
  readonly deletedAt: string | undefined;
}

/** What is known of a chip beside what it says of itself. Notes are added; the last wafer and die hold. */
export interface ChipNote {
  /** Wall time, ISO 8601. */
  readonly notedAt: string;
  readonly by?: string | undefined;
  readonly wafer?: string | undefined;
  readonly die?: string | undefined;
  readonly text?: string | undefined;
}

export const noLabels: RunLabels = {
  tags: [],
  operator: undefined,
  job: undefined,
  archived: false,
  sealed: false,
  unpacked: undefined,
  deletedAt: undefined,
};

export function foldLabels(changes: readonly LabelChange[]): RunLabels {
  let labels = noLabels;
  for (const { at, add = [], remove = [], operator, job, archived, sealed, unpacked, deleted } of changes) {
    const tags = [...new Set([...labels.tags, ...add])].filter((tag) => !remove.includes(tag));
    labels = {
      tags,
      operator: operator ?? labels.operator,
      job: job ?? labels.job,
      archived: archived ?? labels.archived,
      sealed: sealed ?? labels.sealed,
      unpacked: unpacked ?? labels.unpacked,
      deletedAt: deleted === undefined ? labels.deletedAt : deleted ? at : undefined,
    };
  }
  return labels;
}

/** The first change of a run that is begun with labels; undefined where there is nothing to keep. */
export function firstChange({ tags = [], operator, job }: FirstLabels, at: string): LabelChange | undefined {
  if (tags.length === 0 && operator === undefined && job === undefined) return undefined;
  return {
    at,
    ...(tags.length > 0 && { add: tags }),
    ...(operator !== undefined && { operator }),
    ...(job !== undefined && { job }),
  };
}

/** Where a chip was cut from; the last that was noted. */
export function placeOnWafer(notes: readonly ChipNote[]): {
  readonly wafer: string | undefined;
  readonly die: string | undefined;
} {
  return {
    wafer: notes.findLast(({ wafer }) => wafer !== undefined)?.wafer,
    die: notes.findLast(({ die }) => die !== undefined)?.die,
  };
}

const longestTag = 64;
const longestLine = 200;
const longestNote = 10_000;

/** Throws `bad-argument` for a tag that a filter could not name. */
export function checkTags(tags: readonly string[]): void {
  for (const tag of tags) {
    if (tag.length <= longestTag && /^[\p{L}\p{N}][\p{L}\p{N}_.:/+-]*$/u.test(tag)) continue;
    throw new MhoError(
      "bad-argument",
      `--tag ${harmless(tag, longestTag)}: a tag has letters, digits and _ . : / + -, begins with a letter or a digit, and is at most ` +
        `${longestTag} characters long.`,
    );
  }
}

/**
 * Throws `bad-argument` for a text that is no single line, or too long.
 *
 * @param flag  that it was given by: `--title`.
 */
export function checkLine(flag: string, text: string | undefined): void {
  if (text === undefined) return;
  if (text.trim() !== "" && text.length <= longestLine && harmless(text) === text) return;
  throw new MhoError("bad-argument", `${flag}: give one line of 1 to ${longestLine} characters.`);
}

export function checkNote(text: string | undefined): void {
  if (text === undefined || (text.trim() !== "" && text.length <= longestNote)) return;
  throw new MhoError("bad-argument", `A note has 1 to ${longestNote.toLocaleString("en")} characters.`);
}
