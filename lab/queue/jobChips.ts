import { MhoError } from "../../src/errors.ts";
import type { Job, JobList } from "../../src/queue/job.ts";
import { groupNamed } from "../../src/results/wholeReader.ts";
import { isGroupName } from "../../src/run/groups.ts";
import type { Workplace } from "../workplace.ts";
import { isJobName, isOfRun, jobNamed } from "./jobNames.ts";
import type { JobKind } from "./jobKinds.ts";
import { type JobChip, jobChip } from "./jobPlaces.ts";

type Options = Readonly<Record<string, unknown>>;

/** The chips that a job works on: it stands in the queue of each. */
export interface JobChips {
  /** The first of them. */
  readonly chip: JobChip;
  readonly others: readonly JobChip[];
}

/**
 * The chips of a job: those that it names, with their spares, or those of the runs and networks that it works on.
 *
 * @param given  `--chip`, of one chip.
 * @throws `bad-argument` for two addresses that lead to one chip.
 */
export async function chipsOf(
  place: Workplace,
  kind: JobKind,
  subjects: readonly string[],
  options: Options,
  jobs: JobList,
  given: string | undefined,
): Promise<JobChips> {
  const own = listOf(options["chips"]);
  const spares = listOf(options["spares"]);
  refuseOneOfSeveral(subjects, jobs, given);
  const named = (text: string): string => place.addressOf(text);
  const isOfRuns = isOfRun(kind);
  const chips =
    own.length > 0
      ? own.map(named)
      : given !== undefined
        ? [named(given)]
        : isOfRuns
          ? await chipsOfRuns(place, subjects, jobs)
          : [place.chip];
  const found = new Map<string, JobChip>();
  for (const address of [...chips, ...spares.map(named)]) {
    const chip = jobChip(address, place.seed, place.registries);
    const other = found.get(chip.place);
    if (other !== undefined && !isOfRuns)
      throw new MhoError(
        "bad-argument",
        other.address === address
          ? `The chip ${address} is named twice. Name each chip once, with --chip or with --spare.`
          : `The addresses ${other.address} and ${address} lead to one chip. Name each chip once, with --chip or with --spare.`,
        { address },
      );
    if (other === undefined) found.set(chip.place, chip);
  }
  const [chip, ...others] = found.values();
  if (others.length > 0 && isOfRuns && !subjects.some((one) => isOfNetwork(one, jobs)))
    throw new MhoError(
      "bad-argument",
      `${subjects.join(", ")} are runs of several chips, and a job works on one chip or on one network. Add a job for each chip.`,
    );
  return { chip: chip!, others };
}

/** The options of a job, its chips by their addresses as they hold from any folder. */
export function withChips(place: Workplace, options: Options): Options {
  const absolute = (texts: readonly string[]): string[] =>
    texts.map((text) => jobChip(place.addressOf(text), place.seed, place.registries).address);
  const [own, spares] = [listOf(options["chips"]), listOf(options["spares"])];
  return {
    ...options,
    ...(own.length > 0 && { chips: absolute(own) }),
    ...(spares.length > 0 && { spares: absolute(spares) }),
  };
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value as string[]) : [];
}

/** Whether what a job works on is a network, or will be. */
function isOfNetwork(subject: string, jobs: JobList): boolean {
  if (!isJobName(subject)) return isGroupName(subject);
  const { others = [], options } = jobNamed(jobs, subject);
  return others.length > 0 || listOf(options["chips"]).length > 0;
}

async function chipsOfRuns(
  place: Workplace,
  subjects: readonly string[],
  jobs: JobList,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const subject of subjects) {
    if (isJobName(subject)) found.push(...addressesOf(jobNamed(jobs, subject)));
    else {
      const store = await place.existingStore();
      if (!isGroupName(subject)) found.push((await store.plan(subject)).chipAddress);
      else {
        const { shares, spares } = await groupNamed(store, subject);
        found.push(...shares.map(({ chip }) => chip), ...spares);
      }
    }
  }
  return found;
}

function addressesOf({ chip, others = [] }: Job): readonly string[] {
  return [chip, ...others.map((other) => other.chip)];
}

/** The chips of a network are known, and one address does not stand for them. */
function refuseOneOfSeveral(subjects: readonly string[], jobs: JobList, given: string | undefined): void {
  const network = subjects.find((one) => isOfNetwork(one, jobs));
  if (given === undefined || network === undefined) return;
  throw new MhoError(
    "bad-argument",
    `--chip is for one run, and ${network} is a network over several chips. Leave it out.`,
  );
}
