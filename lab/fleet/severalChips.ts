import { MhoError } from "../../src/errors.ts";
import type { JobId } from "../../src/queue/job.ts";
import { isGroupName } from "../../src/run/groups.ts";
import { groupNamed } from "../../src/results/wholeReader.ts";
import type { Queries } from "../../storage/postgres/connection.ts";
import { benchesAt, type ChipAtServer, chipsAt } from "../../storage/postgres/fleetView.ts";
import type { QueuedJob } from "../queue/changeQueue.ts";
import { isJobName } from "../queue/jobNames.ts";
import type { Workplace } from "../workplace.ts";
import { chipMeant, nameOf, type RunAtBench, runsAtBenches } from "./serverChips.ts";

export { nameOf } from "./serverChips.ts";

type Options = Readonly<Record<string, unknown>>;

/** The chips of a job, spares among them, and its options with these as the server calls them. */
export interface ChipsMeant {
  readonly all: readonly ChipAtServer[];
  readonly options: Options;
}

/** What a job was added with. */
interface Asked {
  /** `--chip`, of one chip. */
  readonly given: string | undefined;
  readonly options: Options;
  readonly subjects: readonly string[];
  /** Those that it names. */
  readonly jobs: readonly QueuedJob[];
  readonly runsAt: Readonly<Record<string, RunAtBench>>;
}

/** Throws `bad-argument` for chips that the server does not know, or that are named twice. */
export async function chipsMeant(queries: Queries, place: Workplace, asked: Asked): Promise<ChipsMeant> {
  const { given, options, subjects, jobs, runsAt } = asked;
  const one = (name: string): Promise<ChipAtServer> => chipMeant(queries, name, { jobs: [], runsAt: {} });
  const named = async (names: unknown): Promise<ChipAtServer[]> => {
    const found: ChipAtServer[] = [];
    for (const name of Array.isArray(names) ? (names as string[]) : []) found.push(await one(name));
    return found;
  };
  const chips = await named(options["chips"]);
  const spares = await named(options["spares"]);
  const network = subjects.find((subject) => isOfNetwork(subject, jobs));
  if (given !== undefined && network !== undefined)
    throw new MhoError(
      "bad-argument",
      `--chip is for one run, and ${network} is a network over several chips. Leave it out.`,
    );
  const own =
    chips.length > 0
      ? chips
      : network !== undefined
        ? await chipsOfNetworks(queries, place, subjects, jobs)
        : [await chipMeant(queries, given, { jobs, runsAt })];
  const all = [...own, ...spares];
  const twice = network === undefined ? all.find((chip, k) => all.findIndex(isSame(chip)) < k) : undefined;
  if (twice !== undefined)
    throw new MhoError(
      "bad-argument",
      `The chip ${nameOf(twice)} is named twice. Name each chip once, with --chip or with --spare.`,
    );
  return {
    all: all.filter((chip, k) => all.findIndex(isSame(chip)) === k),
    options: {
      ...(chips.length > 0 && { chips: chips.map(nameOf) }),
      ...(spares.length > 0 && { spares: spares.map(nameOf) }),
    },
  };
}

function isSame({ chipId }: ChipAtServer): (other: ChipAtServer) => boolean {
  return (other) => other.chipId === chipId;
}

function isOfNetwork(subject: string, jobs: readonly QueuedJob[]): boolean {
  if (!isJobName(subject)) return isGroupName(subject);
  return (jobs.find(({ id }) => id === subject)?.otherChips.length ?? 0) > 0;
}

/** The chips that the jobs and networks work on which a job names, with their spares. */
async function chipsOfNetworks(
  queries: Queries,
  place: Workplace,
  subjects: readonly string[],
  jobs: readonly QueuedJob[],
): Promise<readonly ChipAtServer[]> {
  const known = await chipsAt(queries);
  const called = (name: string): ChipAtServer | undefined => known.find((chip) => nameOf(chip) === name);
  const found: ChipAtServer[] = [];
  for (const subject of subjects) {
    const names = isJobName(subject)
      ? chipsOfJob(subject, jobs)
      : isGroupName(subject)
        ? await chipsOfNetwork(queries, place, known, subject)
        : Object.values(await runsAtBenches(queries, [subject])).map(({ chip }) => chip);
    for (const name of names) {
      const chip = called(name);
      if (chip === undefined)
        throw new MhoError(
          "bad-argument",
          `The server does not know the chip ${name} of ${subject}: it has not identified itself at a bench where mho work --server runs.`,
        );
      found.push(chip);
    }
  }
  return found;
}

function chipsOfJob(id: JobId, jobs: readonly QueuedJob[]): readonly string[] {
  const job = jobs.find((one) => one.id === id)!;
  return [job.chipName, ...job.otherChips];
}

/** A share that no run holds, and a spare, have the address that their bench calls them by. */
async function chipsOfNetwork(
  queries: Queries,
  place: Workplace,
  known: readonly ChipAtServer[],
  network: string,
): Promise<readonly string[]> {
  const { shares, spares } = await groupNamed(await place.existingStore(), network);
  const runs = await runsAtBenches(
    queries,
    shares.flatMap(({ run }) => run ?? []),
  );
  const { bench } = (await runsAtBenches(queries, [network]))[network]!;
  const atAddress = (address: string): string => {
    const chip = known.find(({ nicknames }) =>
      nicknames.some((one) => one.bench === bench && one.address === address),
    );
    if (chip !== undefined) return nameOf(chip);
    throw new MhoError(
      "bad-argument",
      `The config of bench ${bench} does not name the chip ${address} of network ${network}. Add it there, or work on the network at that bench.`,
    );
  };
  return [
    ...shares.map(({ run, chip }) => (run === undefined ? atAddress(chip) : runs[run]!.chip)),
    ...spares.map(atAddress),
  ];
}

/**
 * The bench that has all of these chips.
 *
 * @throws `bad-argument` where none has: no process could work on all of them.
 */
export async function benchOfAll(queries: Queries, chips: readonly ChipAtServer[]): Promise<string> {
  const benches = await benchesAt(queries);
  const has = ({ bench, nicknames }: ChipAtServer, name: string): boolean =>
    bench === name || (bench === undefined && nicknames.some((one) => one.bench === name));
  const found = benches.find(({ name }) => chips.every((chip) => has(chip, name)));
  if (found !== undefined) return found.name;
  throw new MhoError(
    "bad-argument",
    `No bench has all of these chips: ${placesText(chips)}. The chips of one network are worked on by one process, so bring them to one bench, or program them one by one.`,
  );
}

export function placesText(chips: readonly ChipAtServer[]): string {
  return chips
    .map((chip) => {
      const { bench, nicknames } = chip;
      if (bench !== undefined) return `${nameOf(chip)} is at ${bench}`;
      const known = nicknames.map((one) => one.bench).join(" or ");
      return `${nameOf(chip)} ${known === "" ? "is at none" : `belongs to ${known}`}`;
    })
    .join(", ");
}
