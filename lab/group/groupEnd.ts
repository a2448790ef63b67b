import { listed } from "../../report/text.ts";
import { exitCodes, MhoError } from "../../src/errors.ts";
import type { GroupId } from "../../src/run/groups.ts";
import { messageOf } from "../../src/run/standby.ts";
import type { RunId } from "../../src/run/store.ts";
import type { Workplace } from "../workplace.ts";

/** How the work on a share ended. */
export interface ShareEnd {
  readonly share: number;
  /** Its last chip. */
  readonly chip: string;
  readonly run: RunId | undefined;
  /** Undefined where it is done. */
  readonly error: unknown;
}

export function isInterrupted(error: unknown): boolean {
  return error instanceof MhoError && error.code === "interrupted";
}

export function tellEnd(place: Pick<Workplace, "emit">, network: GroupId, ends: readonly ShareEnd[]): void {
  const failed = ends.filter(({ error }) => error !== undefined);
  const stopped = failed.every(({ error }) => isInterrupted(error));
  const outcome = failed.length === 0 ? "done" : stopped ? "interrupted" : "failed";
  place.emit({ type: "network_ended", network, outcome, missing: failed.map(({ share }) => share + 1) });
}

/**
 * What the work on a network ends with, where not all of it was done: an error as it is where nothing was begun or none of the chips is
 * to blame, and else which shares are missing.
 *
 * @param network  undefined where nothing was begun.
 * @param shares   how many the network has.
 */
export function groupEnd(network: GroupId | undefined, ends: readonly ShareEnd[], shares: number): unknown {
  const failed = ends.filter(({ error }) => error !== undefined);
  const errors = failed.map(({ error }) => error);
  const own = errors.find((error) => !(error instanceof MhoError));
  if (own !== undefined) return own;
  const known = errors as readonly MhoError[];
  if (network === undefined) return known.find(({ code }) => code === "bad-argument") ?? known[0];
  // What is wrong with the workspace or the disk is wrong for all.
  const ofAll = known.find(({ code }) => exitCodes[code] === 4);
  if (ofAll !== undefined) return ofAll;
  const resume = `mho resume ${network}`;
  if (known.every(isInterrupted)) {
    const runs = failed.flatMap(({ run }) => run ?? []);
    const those = runs.length === 0 ? "" : ` (${listed(runs)})`;
    return new MhoError(
      "interrupted",
      `Network ${network} was stopped${those}, and its chips are in standby. Go on with ${resume}.`,
      { network },
    );
  }
  const missing = failed.filter(({ error }) => !isInterrupted(error));
  const first = missing[0]!.error as MhoError;
  const what = missing.map(
    ({ share, chip, error }) => `Share ${share + 1} of ${shares}, at ${chip}: ${messageOf(error)}`,
  );
  const rest = ends.filter((end) => !missing.includes(end));
  const done = rest.length === 0 ? "" : ` ${restText(rest)}`;
  // A limit of the chip is a fault of the command line elsewhere; here other chips went on.
  const code = exitCodes[first.code] === 3 ? first.code : "chip-refused";
  // Where all that is missing is in use elsewhere, it can be tried again as it is.
  const holders = missing.map(({ error }) => (error as MhoError).facts["holder"]);
  const inUse = holders.every((holder) => holder !== undefined) ? { holder: holders[0] } : {};
  const standby = known.some(({ facts }) => facts["standby"] === false) ? { standby: false } : {};
  return new MhoError(
    code,
    `Network ${network} is not complete. ${what.join(" ")}${done} Once the chip is back: ${resume}. To use another in its place: ` +
      `${resume} --spare ADDRESS.`,
    { network, missing: missing.map(({ share }) => share + 1).join(", "), ...standby, ...inUse },
    first,
  );
}

function restText(rest: readonly ShareEnd[]): string {
  const name = ({ share, run }: ShareEnd): string =>
    `share ${share + 1}${run === undefined ? "" : ` (${run})`}`;
  const text = (ends: readonly ShareEnd[], what: string): string[] =>
    ends.length === 0 ? [] : [`${listed(ends.map(name))} ${ends.length === 1 ? "is" : "are"} ${what}`];
  const sentence = [
    ...text(
      rest.filter(({ error }) => error === undefined),
      "done",
    ),
    ...text(
      rest.filter(({ error }) => error !== undefined),
      "stopped",
    ),
  ].join("; ");
  return `${sentence[0]!.toUpperCase()}${sentence.slice(1)}.`;
}
