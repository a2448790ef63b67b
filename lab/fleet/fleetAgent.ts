import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { MhoError } from "../../src/errors.ts";
import type { LeaseTimes } from "../../src/fleet/lease.ts";
import { isUnbegunOfServer, localJobOf, type LocalChange, reconcile } from "../../src/fleet/reconcile.ts";
import type { Job, JobChange } from "../../src/queue/job.ts";
import { isPending } from "../../src/queue/order.ts";
import { isGroupName, ownRunsOf, type RunGroup } from "../../src/run/groups.ts";
import { HandOnServer } from "../../storage/handOn/handOnServer.ts";
import {
  beginSession,
  type BenchSession,
  type ChipAtBench,
  endSession,
  heartbeat,
  type LeaseOfChip,
} from "../../storage/postgres/benchStates.ts";
import { openServer, type Server } from "../../storage/postgres/connection.ts";
import { channelOf, chipIdsOf, type ServerJobRow } from "../../storage/postgres/fleetRows.ts";
import {
  hasJobsFor,
  jobsOfBench,
  type ReportedJob,
  reportJobs,
  takeJobs,
} from "../../storage/postgres/jobHandout.ts";
import { isPassing } from "../../storage/postgres/serverFailure.ts";
import type { Workspace } from "../../storage/workspace.ts";
import { filesNow } from "../queue/jobFiles.ts";
import type { JobSource } from "../queue/work.ts";
import { version } from "../version.ts";
import { wallTime } from "../wallTime.ts";
import type { Workplace } from "../workplace.ts";
import type { HandsOn } from "./handsOn.ts";
import type { IdentifiedChip } from "./identifyChip.ts";
import { diskFree, doingNow, usualBenchName } from "./benchNow.ts";
import { dropFiles, fetchFiles } from "./jobBytes.ts";
import { keepTaken } from "./takenJobs.ts";

export interface AgentOptions {
  readonly place: Workplace;
  readonly store: Workspace;
  readonly server: string;
  /** The name that the bench asks for. */
  readonly name: string | undefined;
  /** By which the server knows the workspace again. */
  readonly workspace: string;
  /** Waits for jobs when the server has none. */
  readonly keep: boolean;
  readonly identify: (place: Workplace, address: string) => Promise<IdentifiedChip | undefined>;
  readonly hands: HandsOn;
  readonly times?: LeaseTimes | undefined;
  readonly heartbeatMilliseconds?: number | undefined;
}

const usualHeartbeatMilliseconds = 10_000;
const awayMilliseconds = { first: 1000, most: 30_000 };
/** How long the end waits for a server that does not answer. */
const endMilliseconds = 5000;

interface Link {
  readonly server: Server;
  readonly session: BenchSession;
  readonly listening: { close(): Promise<void> };
}

/**
 * Speaks to the server for a bench: keeps the bench known there, brings jobs into the bench's own queue, and reports how they ended.
 * While the server is away the bench goes on with what it has; all is told when the server is back.
 */
export class FleetAgent {
  readonly source: JobSource;
  readonly #options: AgentOptions;
  readonly #chips = new Map<string, IdentifiedChip & { readonly at: number }>();
  readonly #told = new Map<string, string>();
  #link: Link | undefined;
  #session = randomUUID();
  #isEnding = false;
  #fault: unknown;
  #wakeWorker: () => void = () => {};
  #wake: () => void = () => {};
  #isWoken = false;
  /** The server is away: since then it is asked ever more seldom. */
  #awayWait: number | undefined;
  /** Benches that lost a server at the same moment do not come back at the same moment: each waits by a share of its own. */
  readonly #ownShare = 0.5 + Number.parseInt(randomUUID().slice(0, 8), 16) / 2 ** 32;
  #heardAt = -Infinity;
  #wasLinked = false;
  #isSynced = false;
  /** The connection that hears is gone. */
  #isLost = false;
  #joined = "";
  #handingOn: Promise<void> | undefined;
  #mayCome = true;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.source = {
      mayCome: () => {
        if (this.#fault !== undefined) throw this.#fault;
        return !this.#isEnding && (options.keep || this.#mayCome);
      },
      onReady: (wake) => (this.#wakeWorker = wake),
      changed: () => {
        this.#mayCome = true;
        this.#wakeUp();
      },
    };
  }

  /** Until `end` is called, or another worker takes the bench's name. */
  async run(): Promise<void> {
    while (!this.#isEnding && this.#fault === undefined) {
      try {
        await this.#step();
      } catch (error) {
        await this.#unlink();
        if (!(error instanceof MhoError) || this.#isFinal(error)) this.#fault = error;
        else this.#tellAway(error);
      }
      this.#wakeWorker();
      await this.#pause();
    }
  }

  /** Gives back what the bench has not begun, and tells the rest, if the server answers soon. */
  async end(running: Promise<void>): Promise<void> {
    this.#isEnding = true;
    this.#wake();
    await running;
    const { store } = this.#options;
    await store.changeJobs((jobs) => jobs.filter(isUnbegunOfServer).map(givenBack));
    if (this.#fault !== undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, endMilliseconds)));
    await Promise.race([this.#say(), limit]);
    clearTimeout(timer);
  }

  async #say(): Promise<void> {
    try {
      const link = await this.#linked();
      await this.#sync(link);
      await endSession(link.server, link.session, await this.#chipsBegun(link));
      await this.#handingOn;
      await this.#options.hands.handOn(link.server, link.session, true);
    } catch {
      // It is told with the next worker.
    } finally {
      await Promise.allSettled([this.#options.hands.close(), this.#unlink()]);
    }
  }

  async #step(): Promise<void> {
    const link = await this.#linked();
    const due = performance.now() - this.#heardAt >= this.#heartbeatMilliseconds;
    const isIdle = due && !(await this.#beat(link)) && this.#isSynced && !this.#isWoken;
    // What the server had handed out before the line was cut, or the bench was, stands before what it hands out now.
    if (!this.#isSynced) await this.#sync(link);
    this.#isSynced = true;
    // Then new jobs first: a chip may wait for them.
    const more = !isIdle && (await this.#take(link));
    if (!isIdle) await this.#sync(link);
    if (due || !this.#isWoken) this.#startHandingOn(link);
    this.#tellBack();
    if (!this.#isWoken) this.#mayCome = more;
  }

  get #heartbeatMilliseconds(): number {
    return this.#options.heartbeatMilliseconds ?? usualHeartbeatMilliseconds;
  }

  async #linked(): Promise<Link> {
    if (this.#isLost) await this.#unlink();
    if (this.#link !== undefined) return this.#link;
    const { server: address, name, workspace } = this.#options;
    const server = await openServer(address, {
      patienceMilliseconds: 20_000,
      connectMilliseconds: 10_000,
      connections: 3,
    });
    try {
      const names = { workspace, name, usualName: usualBenchName(), restored: false };
      const { bench, name: called } = await HandOnServer.open(server, names);
      const session = { bench, name: called, session: this.#session };
      const listening = await server.listen(
        [channelOf(bench)],
        () => this.#wakeUp(),
        () => {
          // What is under way by the other connections comes to its own end first.
          this.#isLost = true;
          this.#wakeUp();
        },
      );
      // After that another worker's name is not taken back.
      if (!this.#wasLinked) await beginSession(server, session, { host: hostname(), version });
      this.#wasLinked = true;
      this.#link = { server, session, listening };
      this.#heardAt = -Infinity;
      return this.#link;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  async #unlink(): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    this.#isSynced = false;
    this.#isLost = false;
    await Promise.allSettled([link?.listening.close(), link?.server.close()]);
  }

  /** Beside the rest: readings may take minutes, and the bench must be heard meanwhile. */
  #startHandingOn({ server, session }: Link): void {
    this.#handingOn ??= this.#options.hands
      .handOn(server, session)
      // It goes on where it was with the next heartbeat.
      .catch((error: unknown) => {
        if (!(error instanceof MhoError)) this.#fault = error;
      })
      .finally(() => (this.#handingOn = undefined));
  }

  /**
   * Sends a heartbeat and renews the leases of the bench's chips. A chip whose identity is needed is asked for it.
   *
   * @returns whether there are jobs of the server, here or there.
   */
  async #beat(link: Link): Promise<boolean> {
    const { place, store, times } = this.#options;
    for (const address of Object.values(place.config.chips))
      if (!this.#chips.has(address)) await this.#identify(address);
    const say = async (): Promise<readonly LeaseOfChip[]> =>
      heartbeat(
        link.server,
        link.session,
        {
          chips: this.#chipsHere(),
          doing: doingNow(await store.jobs(), place.config.chips),
          diskFreeBytes: await diskFree(place.folder),
        },
        times,
      );
    let answers = await say();
    const asked = answers.filter((one) => !one.granted && (one.why === "identify" || one.why === "moved"));
    for (const { nickname } of asked) await this.#identify(place.config.chips[nickname]!);
    if (asked.length > 0) answers = await say();
    this.#heardAt = performance.now();
    for (const answer of answers) await this.#leased(answer);
    this.#tellJoined(link.session.name, answers);
    const chips = answers.filter(({ granted }) => granted).map(({ chipId }) => chipId);
    const isPendingHere = (await store.jobs()).some((job) => job.origin !== undefined && isPending(job));
    return isPendingHere || hasJobsFor(link.server, link.session, chips);
  }

  #tellJoined(bench: string, answers: readonly LeaseOfChip[]): void {
    const chips = answers.filter(({ granted }) => granted).map(({ nickname }) => nickname);
    const joined = `${bench}: ${chips.join(", ")}`;
    if (this.#joined === joined) return;
    this.#joined = joined;
    const { place, server } = this.#options;
    place.emit({ type: "joined_server", server, bench, chips });
  }

  async #leased(answer: LeaseOfChip): Promise<void> {
    const { place, store } = this.#options;
    const { nickname } = answer;
    if (answer.granted) return void this.#told.delete(nickname);
    const address = place.config.chips[nickname]!;
    await store.changeJobs((jobs) =>
      jobs.filter((job) => isUnbegunOfServer(job) && addressesOf(job).includes(address)).map(givenBack),
    );
    const { why, holder } = answer;
    const reason =
      why === "held" || why === "identify"
        ? `bench ${holder} has its lease`
        : why === "moved"
          ? "it has identified itself at another bench since"
          : "it has not identified itself here";
    this.#tell(nickname, {
      type: "chip_not_leased",
      chip: nickname,
      why: why === "offline" ? "unseen" : why,
      holder: holder ?? null,
      message: `No jobs of the server are taken for ${nickname}: ${reason}.`,
    });
  }

  async #identify(address: string): Promise<void> {
    const { place, identify } = this.#options;
    try {
      const found = await identify(place, address);
      if (found !== undefined) this.#chips.set(address, { ...found, at: performance.now() });
    } catch (error) {
      if (!(error instanceof MhoError)) throw error;
      const nickname = Object.entries(place.config.chips).find(([, of]) => of === address)![0];
      this.#tell(nickname, {
        type: "chip_not_leased",
        chip: nickname,
        why: "unseen",
        holder: null,
        message: `No jobs of the server are taken for ${nickname}: ${error.message}`,
      });
    }
  }

  #chipsHere(): readonly ChipAtBench[] {
    return Object.entries(this.#options.place.config.chips).map(([nickname, address]) => {
      const found = this.#chips.get(address);
      return {
        nickname,
        address,
        chip: found?.chip,
        identifiedAgo: found && performance.now() - found.at,
        description: found?.description,
      };
    });
  }

  async #take(link: Link): Promise<boolean> {
    this.#isWoken = false;
    const { jobs, moreMayCome } = await takeJobs(link.server, link.session);
    const local = await this.#options.store.jobs();
    // One that stands here already, as it is to be done again, is brought in line by what follows.
    const isHere = (row: ServerJobRow): boolean => isStillPending(localJobOf(local, row.job.id));
    for (const row of jobs) if (!isHere(row)) await this.#keep(link, row);
    if (jobs.length > 0) this.#wakeWorker();
    return moreMayCome || jobs.length > 0;
  }

  /** One that this bench cannot do has failed: the server is told at once. */
  async #keep(link: Link, row: ServerJobRow): Promise<void> {
    const { place, store } = this.#options;
    const addressOf = ({ name: kind, serialNumber }: ServerJobRow["chip"]): string | undefined =>
      Object.values(place.config.chips).find((address) => {
        const chip = this.#chips.get(address)?.chip;
        return chip?.name === kind && chip.serialNumber === serialNumber;
      });
    try {
      await keepTaken({ place, store, bench: link.session.name, addressOf }, link.server, row);
    } catch (error) {
      await this.#refuse(link, row, error);
    }
  }

  /** A job that this bench cannot do has failed; what ails the bench or the server is no fault of the job. */
  async #refuse(link: Link, { job }: ServerJobRow, error: unknown): Promise<void> {
    if (!(error instanceof MhoError) || isPassing(error) || error.code === "workspace-failed") throw error;
    const { id, attempt, fence } = job;
    const why = { code: error.code, message: error.message };
    await reportJobs(link.server, link.session, [{ id, attempt, fence, what: "failed", runs: [], why }]);
  }

  /** Brings the bench's own queue in line with what the server says of its jobs, and tells the server of them. */
  async #sync(link: Link): Promise<void> {
    const { store } = this.#options;
    const local = await store.jobs();
    const pending = local.filter((job) => job.origin !== undefined && isPending(job));
    const rows = await jobsOfBench(link.server, link.session, [
      ...new Set(pending.map((job) => job.origin!.job)),
    ]);
    const { missing, changes, reports } = reconcile(local, rows, link.session.name);
    if (changes.length > 0) {
      const made: JobChange[] = [];
      for (const change of changes) made.push(...(await this.#complete(link, change, rows)));
      // What a worker took meanwhile is looked at again.
      await store.changeJobs((jobs) => made.filter((one) => isAsBefore(one.job, local, jobs)));
    }
    for (const id of missing)
      await this.#keep(
        link,
        rows.find(({ job }) => job.id === id)!,
      );
    let told = 0;
    if (reports.length > 0) {
      const groups = await store.groups();
      const all = reports.map(({ id, local: job, what }): ReportedJob => {
        const { attempt, fence } = job.origin!;
        return { id, attempt, fence, what, runs: runsAtServer(job.runs, groups), why: job.why };
      });
      ({ changed: told } = await reportJobs(link.server, link.session, all));
      for (const { id, what } of all)
        if (what === "done" || what === "removed") await dropFiles(this.#options.place.folder, id);
    }
    if (changes.length + missing.length + told > 0) this.#wakeUp();
  }

  /** A job that is to be done again takes its files as the server has them now. */
  async #complete(
    link: Link,
    change: LocalChange,
    rows: readonly ServerJobRow[],
  ): Promise<readonly JobChange[]> {
    const at = wallTime();
    if (change.what === "removed") return [{ ...change, at }];
    if (change.what === "handed") return [{ ...change, what: "handed", at }];
    const row = rows.find(({ job }) => job.id === change.origin.job)!;
    try {
      const here = await fetchFiles(link.server, row.request.files, this.#options.place.folder, row.job.id);
      return [{ ...change, what: "retried", at, files: await filesNow([...here.values()]) }];
    } catch (error) {
      await this.#refuse(link, row, error);
      return [];
    }
  }

  /** Chips whose work this bench has begun, and goes on with when it is back. */
  async #chipsBegun(link: Link): Promise<readonly number[]> {
    const jobs = await this.#options.store.jobs();
    const begun = jobs.filter((job) => job.origin !== undefined && isPending(job));
    const rows = await jobsOfBench(link.server, link.session, []);
    return rows.filter(({ job }) => localJobOf(begun, job.id) !== undefined).flatMap(chipIdsOf);
  }

  /** What does not go away by waiting: a wrong flag, a right that is missing, a workspace that cannot be written. */
  #isFinal(error: MhoError): boolean {
    const { code, facts } = error;
    if (facts["replaced"] === true || code === "bad-argument" || facts["server"] === undefined) return true;
    return !this.#wasLinked && !isPassing(error);
  }

  #tellAway(error: MhoError): void {
    const { most, first } = awayMilliseconds;
    const isNew = this.#awayWait === undefined;
    this.#awayWait = Math.min(most, 2 * (this.#awayWait ?? first / 2));
    this.#mayCome = false;
    if (!isNew) return;
    const { place, server } = this.#options;
    const message = `${error.message} This bench goes on with the jobs that it has, and tells the server when it is back.`;
    place.emit({ type: "server_away", server, message });
  }

  #tellBack(): void {
    if (this.#awayWait === undefined) return;
    this.#awayWait = undefined;
    const { place, server } = this.#options;
    place.emit({ type: "server_back", server });
  }

  #tell(nickname: string, event: Parameters<Workplace["emit"]>[0] & { readonly message: string }): void {
    if (this.#told.get(nickname) === event.message) return;
    this.#told.set(nickname, event.message);
    this.#options.place.emit(event);
  }

  #wakeUp(): void {
    this.#isWoken = true;
    if (this.#awayWait === undefined) this.#wake();
  }

  /** Until something happened, or the next heartbeat is due. */
  #pause(): Promise<void> {
    if (this.#isEnding || (this.#isWoken && this.#awayWait === undefined)) return Promise.resolve();
    return new Promise((resolve) => {
      const left = this.#heardAt + this.#heartbeatMilliseconds - performance.now();
      const away = this.#awayWait === undefined ? undefined : this.#ownShare * this.#awayWait;
      const timer = setTimeout(resolve, away ?? Math.max(0, left));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function isAsBefore(id: string, before: readonly Job[], now: readonly Job[]): boolean {
  const [was, is] = [before, now].map((jobs) => jobs.find((job) => job.id === id)!);
  return was!.state === is!.state && was!.attempts === is!.attempts;
}

/** A network as the server calls it: by the first run that was begun for it. One that has begun none is left out. */
function runsAtServer(runs: readonly string[], groups: readonly RunGroup[]): readonly string[] {
  const own = ownRunsOf(groups);
  return runs.flatMap((run) => {
    if (!isGroupName(run)) return run;
    const first = own.get(run)?.[0];
    return first === undefined ? [] : `n${first.slice(1)}`;
  });
}

function addressesOf({ chip, others = [] }: Job): readonly string[] {
  return [chip, ...others.map((other) => other.chip)];
}

function isStillPending(job: Job | undefined): boolean {
  return job !== undefined && isPending(job);
}

function givenBack({ id }: Job): JobChange {
  return { job: id, at: wallTime(), what: "removed", givenBack: true };
}
