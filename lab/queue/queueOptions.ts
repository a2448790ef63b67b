import type { JobId } from "../../src/queue/job.ts";

export interface AddOptions {
  /** Which chip; the bench's, or that of the run that is worked on. */
  readonly chip?: string | undefined;
  /** A time before which it does not begin: `22:00`, `2026-12-01 22:00`, or with a zone. */
  readonly at?: string | undefined;
  /** Jobs that must be done before, such as `j3`; or how long from now it does not begin, such as `2h`. */
  readonly after?: string | readonly string[] | undefined;
  /** The job fails, and stops its chip's queue, where the yield of its run is less (%). */
  readonly minYieldPercent?: number | undefined;
  /** Who adds it; that of the config file where none is given. */
  readonly operator?: string | undefined;
  /** The job in words, for people. */
  readonly text?: string | undefined;
}

export interface MoveOptions {
  /** The job of the same chip that it is to come before; the end of the chip's queue where none is named. */
  readonly before?: JobId | undefined;
  /** To the beginning of the chip's queue. */
  readonly first?: boolean | undefined;
}

export interface QueueListOptions {
  /** With jobs that are done or were removed. */
  readonly all?: boolean | undefined;
}

export interface WorkOptions extends Hooks {
  /** Wait for new jobs when none is left; until it is stopped. */
  readonly keep?: boolean | undefined;
  /** Jobs may run files of code (`run FILE`). Everyone who can write to the workspace can then run code as this user. */
  readonly allowRun?: boolean | undefined;
  /** How long such a file may take before it is stopped and its job fails, s; a day where nothing is said, 24 days at most. */
  readonly runLimitSeconds?: number | undefined;
  /** Also do the jobs of this server's queue that are for chips of the config: `postgres://…`. */
  readonly server?: string | undefined;
  /** The name that this bench goes by there; kept in the workspace (this machine's name). */
  readonly bench?: string | undefined;
}

/**
 * What is told when a job ends. Hooks come from the command line or a script alone, never from a job, a pack or a workspace: they run as
 * this user. None of them can hold up the queue.
 */
export interface Hooks {
  /** A program that is started after each job, the result as JSON on its stdin. It has no arguments, and 10 s. */
  readonly onEnd?: string | undefined;
  /** An address that the result is posted to as JSON: https, or http on this machine. */
  readonly webhook?: string | undefined;
}
