import { MhoError } from "../../src/errors.ts";
import { localJobOf, originOf } from "../../src/fleet/reconcile.ts";
import type { Job, JobId, JobList, JobRequest } from "../../src/queue/job.ts";
import { isGroupName, ownRunsOf, type RunGroup } from "../../src/run/groups.ts";
import type { Queries } from "../../storage/postgres/connection.ts";
import type { ServerJobRow } from "../../storage/postgres/fleetRows.ts";
import type { Workspace } from "../../storage/workspace.ts";
import { parseAddress } from "../address.ts";
import { refuseOptions } from "../queue/addJob.ts";
import { isJobName, isOfRun } from "../queue/jobNames.ts";
import { type JobKind, jobKindNamed, plainOptions } from "../queue/jobKinds.ts";
import { jobChip } from "../queue/jobPlaces.ts";
import { isRunName } from "../runName.ts";
import { wallTime } from "../wallTime.ts";
import type { Workplace } from "../workplace.ts";
import { fetchFiles } from "./jobBytes.ts";

export interface BenchSide {
  readonly place: Workplace;
  readonly store: Workspace;
  readonly bench: string;
  /** Where a chip of the server is at this bench; undefined where its config names none. */
  readonly addressOf: (chip: ServerJobRow["chip"]) => string | undefined;
}

/**
 * Puts a job that was taken from the server into the bench's own queue, unless it is there: however often a bench is cut off in between,
 * it stands there once.
 *
 * @returns the job of the bench's queue.
 * @throws MhoError for a job that this bench cannot do; the server's other errors as they are.
 */
export async function keepTaken(side: BenchSide, queries: Queries, row: ServerJobRow): Promise<Job> {
  const { place, store } = side;
  const request = await requestFor(side, queries, row, await store.jobs(), await store.groups());
  const { id, attempt } = row.job;
  let isNew = false;
  const all = await store.changeJobs((jobs) => {
    isNew = false;
    if ((localJobOf(jobs, id)?.origin?.attempt ?? -1) >= attempt) return [];
    isNew = true;
    const { operator } = row;
    const by = operator === undefined ? {} : { by: operator };
    return [{ job: `j${jobs.length + 1}`, at: wallTime(), ...by, what: "added", request }];
  });
  const job = localJobOf(all, id)!;
  const { name, serialNumber } = row.chip;
  if (isNew)
    place.emit({
      type: "job_taken",
      job: job.id,
      server_job: id,
      text: job.text,
      chip: job.chip,
      chip_name: [{ name, serialNumber }, ...row.otherChips]
        .map((one) => `${one.name}/${one.serialNumber}`)
        .join(", "),
    });
  return job;
}

/** The same job, with paths, chip and jobs as they are called here. */
async function requestFor(
  { place, bench, addressOf }: BenchSide,
  queries: Queries,
  { job, chip, otherChips, request }: ServerJobRow,
  jobs: JobList,
  groups: readonly RunGroup[],
): Promise<JobRequest> {
  const { host: _, runsAt = {}, ...common } = request;
  const kind = jobKindNamed(request.command);
  refuseOptions(kind, request.options);
  const addresses = new Map<string, string>();
  for (const one of [chip, ...otherChips]) {
    const name = `${one.name}/${one.serialNumber}`;
    const address = addressOf(one);
    if (address === undefined)
      throw new MhoError(
        "bad-argument",
        `The config of bench ${bench} no longer names the chip ${name}. Put it back, then mho queue retry ${job.id}.`,
      );
    addresses.set(name, address);
  }
  const all = [...addresses.values()];
  const seed = seedFor(place, all[0]!, request.seed);
  const chipsHere = all.map((address) =>
    jobChip(address, seedFor(place, address, request.seed), place.registries),
  );
  const [own, ...others] = chipsHere;
  const named = new Map([...addresses.keys()].map((name, k) => [name, chipsHere[k]!.address] as const));
  const here = await fetchFiles(queries, request.files, place.folder, job.id);
  const files = request.files.map(({ file, sha256 }) => ({ file: here.get(file)!, sha256 }));
  return {
    ...common,
    subjects: request.subjects.map((subject) =>
      subjectHere(kind, subject, { jobs, groups, here, runsAt, bench }),
    ),
    options: withChipsHere(withPaths(kind, plainOptions(request.options), here), named),
    chip: own!.address,
    place: own!.place,
    ...(others.length > 0 && {
      others: others.map((other) => ({ chip: other.address, place: other.place })),
    }),
    files,
    after: job.after.flatMap((id) => localJobOf(jobs, id)?.id ?? []),
    seed,
    origin: originOf(job),
  };
}

/** Chips by their addresses here. */
function withChipsHere(
  options: Readonly<Record<string, unknown>>,
  named: ReadonlyMap<string, string>,
): Readonly<Record<string, unknown>> {
  const here = (value: unknown): string[] =>
    (value as readonly string[]).map((name) => named.get(name) ?? name);
  const { chips, spares } = options;
  return {
    ...options,
    ...(Array.isArray(chips) && { chips: here(chips) }),
    ...(Array.isArray(spares) && { spares: here(spares) }),
  };
}

/** An emulated chip whose address names no seed is that of the bench's, not of the one who added the job. */
function seedFor(place: Workplace, address: string, seed: number): number {
  const { scheme, seed: own } = parseAddress(address, place.registries.dialects);
  return scheme === "emulator" && own === undefined ? place.seed : seed;
}

function subjectHere(
  kind: JobKind,
  subject: string,
  {
    jobs,
    groups,
    here,
    runsAt,
    bench,
  }: {
    readonly jobs: JobList;
    readonly groups: readonly RunGroup[];
    readonly here: ReadonlyMap<string, string>;
    readonly runsAt: Readonly<Record<string, { readonly bench: string; readonly run: string }>>;
    readonly bench: string;
  },
): string {
  if (!isOfRun(kind)) return here.get(subject) ?? subject;
  if (isJobName(subject)) {
    const job = localJobOf(jobs, subject as JobId);
    if (job !== undefined) return job.id;
    throw elsewhere(`Job ${subject} was done at another bench`, bench);
  }
  const at = runsAt[subject];
  if (at?.bench === bench && isRunName(at.run)) {
    if (!isGroupName(subject)) return at.run;
    // A server calls a network by the first run that was begun for it.
    const network = [...ownRunsOf(groups)].find(([, own]) => own[0] === at.run)?.[0];
    if (network !== undefined) return network;
  }
  throw elsewhere(
    `${isGroupName(subject) ? "Network" : "Run"} ${subject} was made at ${at === undefined ? "another bench" : `bench ${at.bench}`}`,
    bench,
  );
}

function elsewhere(what: string, bench: string): MhoError {
  return new MhoError(
    "bad-argument",
    `${what}, and its journal is not in the workspace of bench ${bench}, where its chip is now. Bring the run there by mho pack and mho unpack, and add the job there.`,
  );
}

function withPaths(
  kind: JobKind,
  options: Readonly<Record<string, unknown>>,
  here: ReadonlyMap<string, string>,
): Readonly<Record<string, unknown>> {
  const paths = kind.files(options);
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      paths.includes(name) ? (here.get(value as string) ?? value) : value,
    ]),
  );
}
