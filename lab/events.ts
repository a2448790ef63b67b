import type { ErrorCode } from "../src/errors.ts";
import type { RunEvent } from "../src/run/events.ts";
import type { QuestionId } from "../src/run/questions.ts";
import type { JobId } from "../src/queue/job.ts";
import type { GroupId } from "../src/run/groups.ts";
import type { RunId, RunOutcome } from "../src/run/store.ts";

/**
 * What the library tells of its work. `--json` prints it as it is. docs/events.md lists every field, and eventSchema.ts says the
 * same to machines.
 */
export type BenchEvent =
  | RunEvent
  | ChipEvent
  | ChipDescribedEvent
  | WarningEvent
  | TranslationEvent
  | CalculatingEvent
  | TrimEvent
  | DemoEvent
  | ModelAuditedEvent
  | QuestionEvent
  | JobEvent
  | FleetEvent
  | RunInLakeEvent
  | NetworkInLakeEvent
  | NetworkEvent
  | HandOnEvent;

/** A chip was opened and named itself. */
export interface ChipEvent {
  readonly type: "chip";
  readonly name: string;
  readonly serial_number: string;
  readonly firmware: string;
  readonly boot: number;
  readonly port: string;
}

/** A board gave its own description, which is used and kept with every run. */
export interface ChipDescribedEvent {
  readonly type: "chip_described";
  readonly name: string;
  /** Of the description as it is kept: JSON, its keys sorted. */
  readonly sha256: string;
  readonly bytes: number;
}

/** A sealed run is in a lake. */
export interface RunInLakeEvent {
  readonly type: "run_in_lake";
  readonly run: RunId;
  readonly folder: string;
  readonly bytes: number;
  readonly state: "new" | "known";
}

/** A lake knows which of its runs are one network over several chips. */
export interface NetworkInLakeEvent {
  readonly type: "network_in_lake";
  readonly network: GroupId;
  /** In the order of its shares. */
  readonly runs: readonly RunId[];
  readonly folder: string;
  readonly bytes: number;
  readonly state: "new" | "known";
}

/** Work on a network that is laid over several chips. The events of its runs come between, those of several chips mixed. */
export type NetworkEvent =
  | {
      readonly type: "network_started";
      readonly network: GroupId;
      readonly title: string;
      /** Those that are worked on. */
      readonly shares: readonly NetworkShareFields[];
      /** Chips that wait to take the place of one that fails. */
      readonly spares: number;
      readonly resumed: boolean;
    }
  /** A chip failed; the others go on. */
  | {
      readonly type: "share_failed";
      readonly network: GroupId;
      readonly share: number;
      /** Address of the chip. */
      readonly chip: string;
      /** Null where none had begun on it. */
      readonly run: RunId | null;
      readonly code: ErrorCode;
      /** For a person. */
      readonly message: string;
      /** Address of the chip that the share begins anew on; null where there is none left. */
      readonly spare: string | null;
    }
  | {
      readonly type: "network_ended";
      readonly network: GroupId;
      readonly outcome: RunOutcome;
      /** Shares that are not done. */
      readonly missing: readonly number[];
    };

/** A share of a network. */
export interface NetworkShareFields {
  /** Its number, from 1. */
  readonly share: number;
  /** Address of its chip. */
  readonly chip: string;
  /** Number, in the network, of the tile that the chip has as tile 0. */
  readonly first_tile: number;
  readonly tiles: number;
  /** With a target. */
  readonly devices: number;
}

/** A workspace is handed on to a server. */
export type HandOnEvent =
  | { readonly type: "handing_on"; readonly server: string; readonly bench: string }
  | {
      readonly type: "handed_on";
      readonly bench: string;
      /** Of this workspace. */
      readonly runs: readonly RunId[];
      readonly rows: number;
    }
  | { readonly type: "server_away"; readonly server: string; readonly message: string }
  | { readonly type: "server_back"; readonly server: string };

/** Something to know before a figure is believed. */
export interface WarningEvent {
  readonly type: "warning";
  readonly code:
    | "model_not_believed"
    | "chip_file_differs"
    | "chip_taken"
    | "chip_assumed"
    | "no_tickets"
    | "plain_http"
    | "weights_left_out"
    | "model_no_longer_holds"
    | "job_not_checked"
    | "worker_goes_on"
    | "job_at_bench"
    | "sealed_at_server"
    | "network_not_in_lake";
  /** For a person. */
  readonly message: string;
  /** What it is about: a model, a chip or a tensor; null where that is clear. */
  readonly name: string | null;
  /** The reason by itself; null where the message is all. */
  readonly why: string | null;
}

export type TranslationEvent =
  | { readonly type: "translating"; readonly model: string; readonly layers: readonly string[] }
  | {
      readonly type: "layer";
      readonly name: string;
      /** Of a strategy with curves for each tile. */
      readonly tile: number | null;
      readonly significance: readonly number[];
      readonly scale_microsiemens_per_unit: number;
      readonly largest_scale_microsiemens_per_unit: number;
      readonly tnmse: number;
      readonly rms_percent_by_time: readonly number[];
    };

/** How far a calculation is. */
export interface CalculatingEvent {
  readonly type: "calculating";
  /** Curves of the parts of a strategy, or chips that are drawn to judge it. */
  readonly what: "curves" | "chips";
  readonly parts: number;
  readonly parts_done: number;
  /** 0 … 1, roughly. */
  readonly share: number;
  readonly elapsed_seconds: number;
  /** Roughly; null while too little is known. */
  readonly left_seconds: number | null;
}

/** What a correction is expected to win; the run that carries it out follows. */
export interface TrimEvent {
  readonly type: "trim_planned";
  readonly corrects: RunId;
  readonly devices_to_trim: number;
  /** TNMSE: 100 × mean square over the square of the largest weight. */
  readonly expected_before: number;
  readonly expected_after: number;
  /** The same where devices die as the model says; null where it knows of no deaths. */
  readonly expected_with_deaths: { readonly before: number; readonly after: number } | null;
  readonly later: readonly { readonly age_seconds: number; readonly expected_after: number }[];
  /** Age up to which forecasts of the model's fit held; null where it is not known. */
  readonly tested_to_seconds: number | null;
}

/** A sweep of a watch was compared with what the model of its run foresaw. */
export interface ModelAuditedEvent {
  readonly type: "model_audited";
  readonly run: RunId;
  readonly model: string;
  /** That was asked for; tiles that were read at one age count together. */
  readonly age_seconds: number;
  readonly devices: number;
  /** Share of the devices inside the model's band of 95 %. */
  readonly inside95: number;
  /** Root mean square over bins of conductance, in standard deviations of a read. */
  readonly mean_off_stds: number;
  readonly foreseen_microsiemens: number;
  readonly read_microsiemens: number;
  readonly holds: boolean;
}

/** An experiment asks the people at the bench, and what came of it. */
export type QuestionEvent =
  | {
      readonly type: "asked";
      readonly question: QuestionId;
      readonly text: string;
      /** Those that may be given; none where any line may. */
      readonly answers: readonly string[];
      /** Wall time; null where it is waited for without end. */
      readonly deadline_at: string | null;
      readonly run: RunId | null;
    }
  | {
      readonly type: "answered";
      readonly question: QuestionId;
      /** What the experiment goes on with; null where it does not. */
      readonly answer: string | null;
      readonly by: string | null;
      readonly how: "answered" | "deadline" | "closed";
    };

export type DemoEvent =
  | { readonly type: "chapter"; readonly number: number; readonly title: string }
  /** What is left of a few conductances after a day, and how far equal devices then differ, by two models. */
  | {
      readonly type: "model_compared";
      readonly conductance_microsiemens: readonly number[];
      readonly models: readonly {
        readonly name: string;
        readonly left_percent: readonly number[];
        readonly spread_microsiemens: readonly number[];
      }[];
      readonly believed: boolean;
      readonly failed_checks: readonly string[];
    }
  | { readonly type: "corrected"; readonly devices: readonly number[] };

/** What `work` tells of the queue. Events of the runs come between, those of several chips mixed. */
export type JobEvent =
  | {
      readonly type: "job_started";
      readonly job: JobId;
      /** What it does, for a person. */
      readonly text: string;
      readonly chip: string;
      /** Of a network over several chips. */
      readonly other_chips: readonly string[];
      /** Runs that it had begun before: they go on. */
      readonly resumes: readonly RunId[];
    }
  /** A run of the job begins or goes on. */
  | { readonly type: "job_run"; readonly job: JobId; readonly run: RunId }
  | {
      readonly type: "job_ended";
      readonly job: JobId;
      readonly text: string;
      readonly chip: string;
      /** `put_back`: it was stopped, or its chip was in use, and it goes on later. */
      readonly outcome: "done" | "failed" | "put_back";
      readonly runs: readonly RunId[];
      readonly seconds: number;
      readonly error: { readonly code: string; readonly message: string } | null;
    }
  /** The first job of a chip's queue does not begin yet. */
  | {
      readonly type: "job_waits";
      readonly job: JobId;
      readonly for: "time" | "job" | "failed" | "worker";
      /** The job that it waits for; null for none. */
      readonly other: JobId | null;
      readonly until: string | null;
      /** For a person. */
      readonly message: string;
    }
  /** A hook or a webhook failed; the queue goes on. */
  | { readonly type: "hook_failed"; readonly hook: string; readonly message: string };

/** What `work` tells of a server. */
export type FleetEvent =
  /** A job of the server stands in the bench's own queue now. */
  | {
      readonly type: "job_taken";
      readonly job: JobId;
      /** Its id at the server. */
      readonly server_job: JobId;
      readonly text: string;
      readonly chip: string;
      /** By which the server knows the chip: NAME/SERIAL NUMBER. */
      readonly chip_name: string;
    }
  /** The server knows the bench, which takes jobs for these chips. */
  | {
      readonly type: "joined_server";
      readonly server: string;
      /** The bench's name there. */
      readonly bench: string;
      /** By their nicknames. */
      readonly chips: readonly string[];
    }
  /** No jobs of the server are taken for a chip of the config. */
  | {
      readonly type: "chip_not_leased";
      /** Its nickname. */
      readonly chip: string;
      readonly why: "unseen" | "held" | "identify" | "moved";
      /** The bench that has its lease; null for none. */
      readonly holder: string | null;
      /** For a person. */
      readonly message: string;
    };

/** What a command tells beside the events of its bench, and before its `result`. */
export type CommandEvent = ListeningEvent | RepluggedEvent | ServingEvent | ErrorEvent;

/** `mho emulate`: an emulated chip answers. */
export interface ListeningEvent {
  readonly type: "listening";
  /** What `--chip` takes. */
  readonly address: string;
  readonly seed: number;
  /** HOST:PORT of the side door; null where none was asked for. */
  readonly control: string | null;
}

/** `mho emulate`: the cable was pulled and is back. */
export interface RepluggedEvent {
  readonly type: "replugged";
  readonly address: string;
}

/** `mho serve`: the live page is up. */
export interface ServingEvent {
  readonly type: "serving";
  readonly address: string;
  readonly token: string;
  /** The database file. */
  readonly workspace: string;
}

/** The command failed; its last event. */
export interface ErrorEvent {
  readonly type: "error";
  readonly code: ErrorCode | "bug";
  /** For a person. */
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** On every event: wall time (ISO 8601), its number within this process, and the version of the schema. */
export interface Stamp {
  readonly time: string;
  readonly seq: number;
  readonly version: typeof eventVersion;
}

export const eventVersion = 1;

export type StampedEvent<E extends { readonly type: string } = BenchEvent> = E & Stamp;

/** Numbers and dates events, in the order in which they happen. */
export class EventStream {
  readonly #listener: (event: StampedEvent<{ type: string }>) => void;
  readonly #wallTime: () => string;
  #seq = 0;

  constructor(listener: (event: StampedEvent<{ type: string }>) => void, wallTime: () => string) {
    this.#listener = listener;
    this.#wallTime = wallTime;
  }

  emit(event: BenchEvent | CommandEvent | { readonly type: "result"; readonly command: string }): void {
    const { type, ...rest } = event;
    this.#listener({ type, time: this.#wallTime(), seq: this.#seq++, version: eventVersion, ...rest });
  }
}
