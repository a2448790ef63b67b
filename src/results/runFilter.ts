import { MhoError } from "../errors.ts";
import { harmless } from "../harmless.ts";
import type { GroupId } from "../run/groups.ts";
import { parseDuration, type Seconds } from "../units.ts";
import type { RunLabels } from "../run/labels.ts";
import type { ListedFigures, RunSummary } from "../run/store.ts";

/** A run as lists have it. */
export interface ListedRun extends RunSummary {
  readonly labels: RunLabels;
  /** Where its chip was cut from, as noted. */
  readonly wafer: string | undefined;
  readonly die: string | undefined;
  readonly figures: ListedFigures;
  /** Since it began. */
  readonly ageSeconds: Seconds;
  /** Notes of people, of the run and of its chip; empty where a filter does not ask for them. */
  readonly notes: readonly string[];
  /** Networks over several chips that it holds a share of, or held one; empty where a filter does not ask for them. */
  readonly networks: readonly GroupId[];
  /** Some of its rows are damaged, so its labels or its figures are not known; `mho check` says which. */
  readonly damaged: boolean;
}

/** A condition on a run: `yield<99`. */
export interface FilterTerm {
  readonly key: string;
  readonly text: string;
  readonly matches: (run: ListedRun) => boolean;
}

type Texts = (run: ListedRun) => readonly (string | undefined)[];
type Numbers = (run: ListedRun) => number | null;

const texts: Readonly<Record<string, Texts>> = {
  run: ({ id }) => [id],
  network: ({ networks }) => networks,
  title: ({ title }) => [title],
  tag: ({ labels }) => labels.tags,
  operator: ({ labels }) => [labels.operator],
  chip: ({ chipName }) => [chipName],
  serial: ({ chipSerialNumber }) => [chipSerialNumber],
  wafer: ({ wafer }) => [wafer],
  die: ({ die }) => [die],
  bench: ({ madeAt }) => [madeAt?.bench],
  method: ({ method }) => [method],
  model: ({ modelName }) => [modelName],
  outcome: ({ outcome }) => [outcome],
  corrects: ({ corrects }) => [corrects],
  archived: ({ labels }) => [labels.archived ? "yes" : "no"],
  note: ({ notes }) => notes,
};

const numbers: Readonly<Record<string, Numbers>> = {
  yield: ({ figures }) => figures.yieldPercent,
  error: ({ figures }) => figures.errorPercent,
  devices: ({ figures }) => figures.devices,
  pulses: ({ figures }) => figures.pulses,
};

const keys = [...Object.keys(texts), ...Object.keys(numbers), "age"];

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/**
 * Reads a filter: terms with blanks between them, all of which must hold. A term is KEY, one of `=` `!=` `~` `<` `<=` `>` `>=`, and a
 * value; a value with blanks stands in quotation marks. `~` asks whether a text has the value in it, whatever its case.
 *
 * Throws `bad-argument` that names the term and lists the keys.
 */
export function parseFilter(filter: string): readonly FilterTerm[] {
  return [...filter.matchAll(/(?:[^\s"]|"[^"]*"?)+/g)].map(([term]) => termOf(term));
}

/** Whether all terms hold. */
export function passes(terms: readonly FilterTerm[], run: ListedRun): boolean {
  return terms.every(({ matches }) => matches(run));
}

function termOf(text: string): FilterTerm {
  const match = /^([a-z]+)(=|!=|~|<=|<|>=|>)(?:"([^"]*)"|([^"]+))$/.exec(text);
  if (match === null) throw wrong(text, "it is not KEY, one of = != ~ < <= > >=, and a value");
  const [, key = "", how = "", quoted, bare] = match;
  const value = quoted ?? bare ?? "";
  const ofText = Object.hasOwn(texts, key) ? texts[key] : undefined;
  if (ofText !== undefined) return { key, text, matches: textTerm(text, ofText, how, value) };
  if (!keys.includes(key)) throw wrong(text, `there is no key ${key}`);
  const compare = comparisons[how];
  if (compare === undefined) throw wrong(text, `${key} is compared by = != < <= > >=, not by ${how}`);
  if (key === "age") {
    if (/^[\d.]+$/.test(value))
      throw wrong(text, `an age has a unit: write ${value}d for days, or ${value}h, ${value}min, ${value}s`);
    const seconds = parseDuration(value);
    if (seconds === undefined) throw wrong(text, "an age is a time such as 90min, 7d or 1y");
    return { key, text, matches: ({ ageSeconds }) => compare(ageSeconds, seconds) };
  }
  const number = Number(value);
  if (value.trim() === "" || !Number.isFinite(number)) throw wrong(text, `${key} is compared with a number`);
  return {
    key,
    text,
    matches: (run) => {
      const found = numbers[key]!(run);
      return found === null ? how === "!=" : compare(found, number);
    },
  };
}

function textTerm(text: string, of: Texts, how: string, value: string): (run: ListedRun) => boolean {
  if (how === "=") return (run) => of(run).includes(value);
  if (how === "!=") return (run) => !of(run).includes(value);
  if (how !== "~") throw wrong(text, `a text is compared by = != ~, not by ${how}`);
  const wanted = value.toLowerCase();
  return (run) => of(run).some((one) => one?.toLowerCase().includes(wanted) === true);
}

function wrong(term: string, what: string): MhoError {
  return new MhoError(
    "bad-argument",
    `--where ${harmless(term, 80)}: ${what}. Keys are ${keys.join(", ")}; for example tag=ald yield<99 age<7d.`,
    { term },
  );
}
