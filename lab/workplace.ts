import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ChipDescription } from "../src/chip/description.ts";
import { longestRequestMicroseconds } from "../src/chip/timing.ts";
import { counted } from "../src/counted.ts";
import type { StopRequest } from "../src/clock.ts";
import { MhoError } from "../src/errors.ts";
import { shellWord } from "../src/shell.ts";
import { type Log, loggedError, type LogLevel } from "../src/log.ts";
import type { JobId } from "../src/queue/job.ts";
import type { JobStore } from "../src/queue/jobStore.ts";
import type { RunId } from "../src/run/store.ts";
import { type Config, noConfig, readConfig } from "../files/config.ts";
import type { KeptRuns } from "../storage/keptRuns.ts";
import { isServerAddress } from "../storage/postgres/address.ts";
import { type OpenOptions, openWorkspace, type Workspace } from "../storage/workspace.ts";
import { type ChipAddress, parseAddress, withParameters } from "./address.ts";
import type { BenchEvent } from "./events.ts";
import { type OpenLogs, openLogs } from "./logs/benchLogs.ts";
import type { ChipLogs } from "./logs/chipLogs.ts";
import { askWhichChip } from "./askWhichChip.ts";
import { chipBehind } from "./nicknames.ts";
import { type ChipOptions, chipNamed, describeChip } from "./openChip.ts";
import { wallTime } from "./wallTime.ts";
import { openRecorder } from "./transcriptFile.ts";
import { type Registries, registriesWith } from "./registries.ts";
import { descriptionOf } from "./runDescription.ts";
import { Session } from "./session.ts";

export interface WorkplaceOptions {
  /** The folder where runs are kept, or a server's address, such as `postgres://anna@lab/mho`, for what operates no chip. */
  readonly workspace?: string | undefined;
  /** The chip's address, such as `serial:/dev/ttyACM0` or `emulator:pcm-64?seed=7`. MHO_CHIP where none is given. */
  readonly chip?: string | undefined;
  /** A config file, or `none` (`mho.config.json` beside the workspace, where that file exists). */
  readonly config?: string | undefined;
  /** Of every draw of chance, and of an emulated chip whose address names none (7). */
  readonly seed?: number | undefined;
  /** Ends what is under way between two turns, the chip in standby and the run resumable. */
  readonly signal?: AbortSignal | undefined;
  /** Go on with a chip that has fired pulses which this workspace did not book. */
  readonly acceptUnknownWear?: boolean | undefined;
  /** Dialects, technologies and methods of the lab's own, beside those that come with mho. */
  readonly extensions?: Partial<Registries> | undefined;
  /** A file that records every byte between host and chip. */
  readonly transcript?: string | undefined;
  /** A log of the user's own, such as one of pino, in place of files in the workspace's `logs/` and of stderr. */
  readonly log?: Log | undefined;
  /** Records of this level and above go to stderr (none); files take `info` and above, or this if it is less. */
  readonly logLevel?: LogLevel | undefined;
}

/** What hears of the work; an `EventStream`, or one that passes on to it. */
interface EventSink {
  emit(event: BenchEvent): void;
}

/** What a job has of its own. */
export type JobPlaceOptions = Required<Pick<WorkplaceOptions, "chip" | "seed" | "acceptUnknownWear">> &
  Pick<WorkplaceOptions, "extensions" | "signal">;

/** Where runs are kept when no folder is named. */
export const defaultWorkspace = "mho-workspace";

/** Reads the config of a bench. Throws `bad-file` with line and column. */
export function configOf({
  workspace = defaultWorkspace,
  config,
}: Pick<WorkplaceOptions, "workspace" | "config">): Promise<Config> {
  // A server has no folder: the file stands beside the work.
  return readConfig(isServerAddress(workspace) ? defaultWorkspace : workspace, config);
}

/** The workspace and the chips of a bench, each opened when it is first needed, and closed together. */
export class Workplace {
  readonly folder: string;
  readonly seed: number;
  readonly stop: StopRequest;
  /** Aborted when what is under way is asked to stop. */
  readonly signal: AbortSignal;
  readonly registries: Registries;
  readonly emit: (event: BenchEvent) => void;
  /** Who works at the bench, where that is known. */
  readonly operator: string | undefined;
  readonly config: Config;
  /** The job of the queue that this place was opened for. */
  readonly job: JobId | undefined;
  readonly #options: WorkplaceOptions;
  readonly #events: EventSink;
  /** Of jobs that are under way beside each other. */
  readonly #forJobs = new Set<Workplace>();
  readonly #storeOptions: OpenOptions;
  readonly #sessions = new Map<string, Promise<Session>>();
  /** Those that are open; one that is still being opened has not been spoken to. */
  readonly #opened: Session[] = [];
  /** A chip was put in standby while no work was under way on it: the next work is told. */
  #untold: MhoError | undefined;
  /** Of a transcript that could not be written to its end. */
  #cutTranscript: MhoError | undefined;
  /** Addresses of boards that named themselves, by the addresses that were given. */
  readonly #named = new Map<string, Promise<string>>();
  /** Descriptions that boards gave of themselves, by their addresses. */
  readonly #described = new Map<string, ChipDescription>();
  #store: Promise<Workspace> | undefined;
  #server: Promise<KeptRuns> | undefined;
  #logs: Promise<OpenLogs> | undefined;
  /** Its job has ended: code of the job that goes on all the same opens nothing any more. */
  #isOver = false;

  /**
   * @param config  that `options.config` names, read by `configOf`.
   * @param store   how its workspace is opened.
   */
  constructor(
    options: WorkplaceOptions,
    events: EventSink,
    config: Config = noConfig,
    store: OpenOptions = {},
    job?: JobId,
  ) {
    this.#storeOptions = store;
    this.#events = events;
    this.job = job;
    const { workspace = defaultWorkspace, seed = 7, signal } = options;
    this.folder = workspace;
    this.registries = registriesWith(options.extensions ?? {});
    this.seed = seed;
    this.signal = signal ?? new AbortController().signal;
    this.stop = {
      get requested() {
        return signal?.aborted === true;
      },
    };
    this.emit = (event) => events.emit(event);
    this.#options = options;
    this.config = config;
    this.operator = config.operator;
  }

  /** The chip that the bench was opened for. Throws `bad-argument` where none was named. */
  get chip(): string {
    return this.addressOf(chipNamed({ chip: this.#options.chip, usual: this.config.defaults.chip }));
  }

  /** The address of a chip, of which a nickname may be given. Throws `bad-argument` for what is neither. */
  addressOf(text: string): string {
    return chipBehind(this.config, text);
  }

  /**
   * The same, by an address that says which chip it is: a board whose address names no description is asked. What it says is told,
   * and holds as long as the bench.
   *
   * @param chip  that of the bench where none is given.
   */
  async chipNamed(given?: string): Promise<string> {
    const chip = given === undefined ? this.chip : this.addressOf(given);
    const address = parseAddress(chip, this.registries.dialects);
    if (address.scheme === "emulator" || address.chip !== undefined) return chip;
    if (address.dialect.usualChip !== undefined)
      return this.#takeUsual(chip, address, address.dialect.usualChip);
    const known = this.#named.get(chip) ?? this.#askWhichChip(address);
    this.#named.set(chip, known);
    // A board that did not answer may be asked again.
    known.catch(() => this.#named.delete(chip));
    return known;
  }

  /** A board that cannot say which chip it holds is not asked. */
  async #takeUsual(chip: string, address: ChipAddress, usual: string): Promise<string> {
    const named = withParameters(address, { chip: usual });
    if (!this.#named.has(chip)) {
      const { technologies } = this.registries;
      const { model, maxConductanceMicrosiemens: range } = await describeChip(address, technologies);
      this.emit({
        type: "warning",
        code: "chip_taken",
        message:
          `The board at ${address.text} cannot say which chip it holds. It is taken for the ${usual} that comes with mho ` +
          `(0 … ${range} µS, the model ${model}) and its limits. Give ?chip=FILE.json where it is another.`,
        name: usual,
        why: null,
      });
    }
    this.#named.set(chip, Promise.resolve(named));
    return named;
  }

  async #askWhichChip(address: ChipAddress): Promise<string> {
    const logs = await this.logsOf(address);
    try {
      const { technologies } = this.registries;
      const named = await askWhichChip(address, { seed: this.seed, technologies, log: logs.log });
      if (named.description !== undefined) {
        this.#told(named.description, address, logs.log);
        return named.address;
      }
      const { model, maxConductanceMicrosiemens: range } = await describeChip(
        parseAddress(named.address, this.registries.dialects),
        technologies,
      );
      this.emit({
        type: "warning",
        code: "chip_taken",
        message:
          `The chip at ${address.text} calls itself ${named.name} and has ${counted(named.tiles, "tile")}. It is taken for the ${named.name} that ` +
          `comes with mho (0 … ${range} µS, the model ${model}) and its limits. Give ?chip=FILE.json where it is another.`,
        name: named.name,
        why: null,
      });
      return named.address;
    } finally {
      logs.close();
    }
  }

  #told(description: ChipDescription, { text: address }: ChipAddress, log: Log): void {
    this.#described.set(address, description);
    const { name, document } = description;
    const { sha256 = "", text = "" } = document ?? {};
    log.info({ address, bytes: text.length }, `the board described itself, SHA-256 ${sha256}`);
    this.emit({ type: "chip_described", name, sha256, bytes: text.length });
  }

  /** The description of the chip that an address names: what its board said of itself, a file, or one that comes with mho. */
  async describe(text: string): Promise<ChipDescription> {
    const { dialects, technologies } = this.registries;
    return this.#described.get(text) ?? describeChip(parseAddress(text, dialects), technologies);
  }

  /** For a chip that is not here: what its bench said of it. */
  takeAsDescribed(address: string, description: ChipDescription): void {
    this.#described.set(address, description);
  }

  /** Whether every byte of a chip's lines is to be recorded. */
  get records(): boolean {
    return this.#options.transcript !== undefined;
  }

  /** What records every byte of a chip's lines in a file; undefined where none is named. */
  recorderFor(address: ChipAddress): ChipOptions["record"] | undefined {
    const { transcript } = this.#options;
    if (transcript === undefined) return undefined;
    return openRecorder(transcript, address, wallTime(), (error) => (this.#cutTranscript ??= error));
  }

  get acceptUnknownWear(): boolean {
    return this.#options.acceptUnknownWear === true;
  }

  /**
   * The same workspace with another chip, for a job: its runs are labelled with it.
   *
   * @param onEvent  hears each event after it is told.
   */
  forJob(job: JobId, options: JobPlaceOptions, onEvent: (event: BenchEvent) => void = () => {}): Workplace {
    const { transcript: _, ...common } = this.#options;
    const events: EventSink = {
      emit: (event) => {
        this.#events.emit(event);
        onEvent(event);
      },
    };
    const { extensions = common.extensions, signal = common.signal } = options;
    const own = { ...common, ...options, extensions, signal };
    const place = new Workplace(own, events, this.config, this.#storeOptions, job);
    this.#forJobs.add(place);
    return place;
  }

  /** Whether runs are kept at a server, and not in a folder. */
  get isServer(): boolean {
    return isServerAddress(this.folder);
  }

  /** Opens the workspace, and makes it where none is; a server is set up by its administrator. */
  store(): Promise<KeptRuns> {
    if (this.#isOver) return Promise.reject(this.#over());
    if (!this.isServer) return this.#openFolder();
    this.#server ??= import("../storage/postgres/openStore.ts").then(({ openPostgresStore }) =>
      openPostgresStore(this.folder),
    );
    // One that was away may be asked again.
    this.#server.catch(() => (this.#server = undefined));
    return this.#server;
  }

  #openFolder(): Promise<Workspace> {
    if (this.#isOver) return Promise.reject(this.#over());
    this.#store ??= openWorkspace(this.folder, this.#storeOptions);
    return this.#store;
  }

  /** Throws where a chip cannot be operated from here: before work that writes to the workspace begins. */
  async refuseReadOnly(): Promise<void> {
    this.refuseServer();
    if (this.hasWorkspace) await this.writableStore();
  }

  /** Whether there is a workspace already: a server's is there, or it cannot be opened. */
  get hasWorkspace(): boolean {
    return this.isServer || this.#store !== undefined || existsSync(join(this.folder, "workspace.db"));
  }

  /** Throws `bad-argument` where runs are kept at a server, which may be away while a chip is operated. */
  refuseServer(): void {
    if (!this.isServer) return;
    throw new MhoError(
      "bad-argument",
      "A chip is operated from a folder, so that a server that is away never stops it: name a folder with --workspace, and then hand " +
        `its runs on: mho hand-on --to ${shellWord(this.folder)}`,
      { workspace: this.folder },
    );
  }

  /** Opens the workspace for work that writes to it. Throws `workspace-failed` where it may only be read. */
  async writableStore(): Promise<KeptRuns> {
    const store = await this.store();
    store.mustBeWritable();
    return store;
  }

  /**
   * The workspace of a folder that is there, for what a server does not have.
   *
   * @param what  is asked for: "packs are made of a folder".
   * @throws `bad-argument` at a server, and where no workspace is.
   */
  async folderStore(what: string): Promise<Workspace> {
    this.refuseServerFor(what);
    await this.existingStore();
    return this.#openFolder();
  }

  /** Where jobs are kept. Makes the workspace where none is. */
  async jobStore(): Promise<KeptRuns & JobStore> {
    this.refuseServerFor("the queue is that of a folder");
    return this.#openFolder();
  }

  /** Throws `bad-argument` at a server. @param what  that is asked for. */
  refuseServerFor(what: string): void {
    if (!this.isServer) return;
    throw new MhoError(
      "bad-argument",
      `--workspace ${this.folder} is a server, and ${what}. Name a folder with --workspace.`,
      { workspace: this.folder },
    );
  }

  /** Opens the workspace, maybe to be read alone. Throws `bad-argument` where none is. */
  async existingStore(): Promise<KeptRuns> {
    if (!this.hasWorkspace) {
      throw new MhoError(
        "bad-argument",
        `There is no workspace in ${this.folder}. Name one with --workspace.`,
        {
          folder: this.folder,
        },
      );
    }
    return this.store();
  }

  /**
   * Opens a chip the first time that it is asked for.
   *
   * @param description  of the chip; that of its address where none is given. A chip that is open under another is opened anew.
   */
  async session(text: string, description?: ChipDescription): Promise<Session> {
    this.refuseServer();
    const address = parseAddress(text, this.registries.dialects);
    const wanted = description ?? (await this.describe(text));
    const known = this.#sessions.get(text);
    const { left } = (await known) ?? {};
    if (left !== undefined) {
      await left;
      return this.session(text, description);
    }
    this.#tell();
    if (known !== undefined) {
      const session = await known;
      if (isSame(session.description, wanted)) return session;
      this.#sessions.delete(text);
      this.#opened.splice(this.#opened.indexOf(session), 1);
      await session.close();
    }
    if (this.#isOver) throw this.#over();
    const opening = this.#open(text, address, wanted, description !== undefined);
    this.#sessions.set(text, opening);
    // One that could not be opened may be tried again.
    opening.catch(() => this.#sessions.delete(text));
    return opening;
  }

  /**
   * Opens the chip of a run, described as it was when the run was begun.
   *
   * @param text  where the chip is now, if it has moved.
   */
  async sessionOf(run: RunId, text?: string): Promise<Session> {
    const store = await this.existingStore();
    const { chipAddress } = await store.plan(run);
    return this.session(text ?? chipAddress, await descriptionOf(store, run, this.emit, this.registries));
  }

  /** The logs of a chip; closed by the one who asks for them. */
  async logsOf({ text }: ChipAddress): Promise<ChipLogs> {
    const { log: own, logLevel: level } = this.#options;
    this.#logs ??= openLogs({ folder: this.folder, level, own });
    return (await this.#logs)({ address: text });
  }

  async #open(
    text: string,
    address: ChipAddress,
    description: ChipDescription,
    isKept: boolean,
  ): Promise<Session> {
    const store = await this.writableStore();
    const logs = await this.logsOf(address);
    const { stop, emit, seed, registries, folder: workspace } = this;
    const { technologies, methods } = registries;
    const record = this.recorderFor(address);
    const opening = { seed, workspace, technologies, description, isKept, ...(record && { record }) };
    const acceptUnknownWear = this.#options.acceptUnknownWear === true;
    const onHalted = (session: Session, told: boolean): Promise<void> => this.#leave(text, session, told);
    try {
      const session = await Session.open(address, {
        opening,
        store,
        stop,
        methods,
        acceptUnknownWear,
        emit,
        logs,
        onHalted,
      });
      this.#opened.push(session);
      return session;
    } catch (error) {
      logs.log.error({ error: loggedError(error) }, "the chip was not opened");
      throw error;
    }
  }

  /** Lets go of a chip that `mho standby` was run for. */
  async #leave(text: string, session: Session, told: boolean): Promise<void> {
    const place = this.#opened.indexOf(session);
    if (place >= 0) this.#opened.splice(place, 1);
    this.#sessions.delete(text);
    if (!told) {
      this.#untold = new MhoError(
        "interrupted",
        `mho standby was run for the chip at ${text}: it is in standby, and its port is free. Start the work again.`,
        { address: text },
      );
    }
    await session.close();
  }

  /** Work that would wake a chip which was put in standby from outside is refused once. */
  #tell(): void {
    const untold = this.#untold;
    this.#untold = undefined;
    if (untold !== undefined) throw untold;
  }

  /** The session of a chip that is open, if it is. */
  async opened(text: string): Promise<Session | undefined> {
    // The caller that asked for one that could not be opened was told.
    const named = await this.#named.get(text)?.catch(() => undefined);
    return this.#sessions.get(named ?? text)?.catch(() => undefined);
  }

  /** For a process that is about to end: every open chip to standby, what is under way booked. Rejects when one may not be safe. */
  async standbyAtOnce(): Promise<void> {
    const ends = await Promise.allSettled([
      ...this.#opened.map((session) => session.standbyAtOnce()),
      ...[...this.#forJobs].map((place) => place.standbyAtOnce()),
    ]);
    // Each says in its log what became of it; one is enough to say here that not all are safe.
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  get holdsChip(): boolean {
    return this.#opened.length > 0 || [...this.#forJobs].some(({ holdsChip }) => holdsChip);
  }

  /** The longest that a chip may be busy with one request before it hears of standby. */
  get longestRequestMilliseconds(): number {
    const each = this.#opened.map(({ description }) => longestRequestMicroseconds(description) / 1000);
    return Math.max(0, ...each, ...[...this.#forJobs].map((place) => place.longestRequestMilliseconds));
  }

  /** The commands that go on with what is under way. */
  goesOn(): string[] {
    if (this.#forJobs.size > 0) return [`mho work --workspace ${this.folder}`];
    return this.#opened.flatMap(({ goesOn }) => goesOn ?? []);
  }

  /** Frees ports and files. Chips are in standby already: all work leaves them so. */
  async close(): Promise<void> {
    const jobs = await Promise.allSettled([...this.#forJobs].map((place) => place.close()));
    this.#forJobs.clear();
    // Whoever asked for one that cannot be opened has heard of it.
    await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    const ends = await Promise.allSettled(this.#opened.splice(0).map((session) => session.close()));
    // Likewise of a workspace that cannot be opened.
    const store = await this.#store?.catch(() => undefined);
    const server = await this.#server?.catch(() => undefined);
    this.#store = undefined;
    this.#server = undefined;
    await store?.close();
    await server?.close();
    for (const end of [...ends, ...jobs]) if (end.status === "rejected") throw end.reason;
    const cut = this.#cutTranscript;
    this.#cutTranscript = undefined;
    if (cut !== undefined) throw cut;
  }

  #over(): MhoError {
    return new MhoError(
      "interrupted",
      `Job ${this.job} has ended: its bench opens no chip and no workspace any more.`,
    );
  }

  /** Closes the place of a job that has ended, for good. */
  async closeJob(place: Workplace): Promise<void> {
    place.#isOver = true;
    await place.close();
    this.#forJobs.delete(place);
  }
}

function isSame(a: ChipDescription, b: ChipDescription): boolean {
  const limits = ({ limits: of }: ChipDescription): string => JSON.stringify(of);
  return a === b || (a.document?.sha256 === b.document?.sha256 && limits(a) === limits(b));
}
