import { MhoError } from "../../src/errors.ts";
import type { JobId } from "../../src/queue/job.ts";
import { isGroupName } from "../../src/run/groups.ts";
import type { Queries } from "../../storage/postgres/connection.ts";
import { type ChipAtServer, chipsAt } from "../../storage/postgres/fleetView.ts";

/** `NAME/SERIAL`. */
export function nameOf({ chip: { name, serialNumber } }: Pick<ChipAtServer, "chip">): string {
  return `${name}/${serialNumber}`;
}

/** A run of the server: which bench made it, how that calls it, and its chip. */
export interface RunAtBench {
  readonly bench: string;
  readonly run: string;
  readonly chip: string;
}

/** Also of networks: each stands for the first run that was begun for it. Throws `bad-argument` for a run that the server has not. */
export async function runsAtBenches(
  queries: Queries,
  runs: readonly string[],
): Promise<Readonly<Record<string, RunAtBench>>> {
  const found: Record<string, RunAtBench> = {};
  for (const run of runs) {
    const [row] = await queries.query<{ bench: string; run: number; chip: string }>(
      `SELECT b.name AS bench, r.run, r.chip_name || '/' || r.chip_serial_number AS chip FROM mho.runs r JOIN mho.benches b USING (bench)
        WHERE r.id = $1`,
      [Number(run.slice(1))],
    );
    if (row === undefined)
      throw new MhoError(
        "bad-argument",
        `The server has no ${isGroupName(run) ? "network" : "run"} ${run}. mho show lists them.`,
        { run },
      );
    found[run] = { bench: row.bench, run: `r${row.run}`, chip: row.chip };
  }
  return found;
}

/**
 * The chip that a job is for: by its name and serial number, by its serial number, or by its nickname at a bench; of jobs and runs that
 * are worked on, theirs.
 *
 * @throws `bad-argument` where none, or more than one, is meant.
 */
export async function chipMeant(
  queries: Queries,
  given: string | undefined,
  {
    jobs,
    runsAt,
  }: {
    readonly jobs: readonly { readonly id: JobId; readonly chip: string }[];
    readonly runsAt: Readonly<Record<string, RunAtBench>>;
  },
): Promise<ChipAtServer> {
  const chips = await chipsAt(queries);
  const known = chips.map((one) => `${nameOf(one)}${nicknamesOf(one)}`).join(", ") || "none yet";
  if (given !== undefined) {
    const nicknamed = ({ nicknames }: ChipAtServer): boolean =>
      nicknames.some(({ nickname }) => nickname === given);
    const meant = chips.filter(
      (one) => [nameOf(one), one.chip.serialNumber].includes(given) || nicknamed(one),
    );
    if (meant.length === 1) return meant[0]!;
    throw new MhoError(
      "bad-argument",
      meant.length === 0
        ? `The server knows no chip ${given}. It knows ${known}. A chip is known when it has identified itself at a bench where mho work --server runs.`
        : `--chip ${given} may be ${meant.map(nameOf).join(" or ")}. Name one of them so.`,
      { chip: given },
    );
  }
  const names = new Set([...jobs.map(({ chip }) => chip), ...Object.values(runsAt).map(({ chip }) => chip)]);
  const [only] = names;
  const chip = names.size === 1 ? chips.find((one) => nameOf(one) === only) : undefined;
  if (chip !== undefined) return chip;
  throw new MhoError(
    "bad-argument",
    names.size > 1
      ? `${[...names].join(" and ")} are several chips, and a job works on one. Add a job for each chip.`
      : `Name the chip: --chip NAME. The server knows ${known}.`,
  );
}

function nicknamesOf({ nicknames }: ChipAtServer): string {
  if (nicknames.length === 0) return "";
  return ` (${nicknames.map(({ nickname, bench }) => `${nickname} at ${bench}`).join(", ")})`;
}
