import type { BenchSession } from "../../storage/postgres/benchStates.ts";
import type { Server } from "../../storage/postgres/connection.ts";
import { markLateRun } from "../../storage/postgres/jobHandout.ts";
import type { Workspace } from "../../storage/workspace.ts";
import type { BenchEvent } from "../events.ts";
import { figuresBy } from "../handedFigures.ts";
import { openHanding } from "../handOn.ts";
import type { RunId } from "../../src/run/store.ts";
import type { Workplace } from "../workplace.ts";

/** How seldom it is looked for what to hand on, while jobs come and go. */
const pauseMilliseconds = 1000;

/** Hands on what the workspace has and the server has not, and marks the runs that come late. */
export class HandsOn {
  readonly #place: Workplace;
  readonly #store: Workspace;
  readonly #to: string;
  readonly #runs = new Set<RunId>();
  #handing: ReturnType<typeof openHanding> | undefined;
  #stamp: string | undefined;
  #lookedAt = -Infinity;

  constructor(place: Workplace, store: Workspace, to: string) {
    this.#place = place;
    this.#store = store;
    this.#to = to;
  }

  /** @param isLast  whatever else is said, now. */
  async handOn(server: Server, session: BenchSession, isLast = false): Promise<void> {
    if (!isLast && performance.now() - this.#lookedAt < pauseMilliseconds) return;
    this.#lookedAt = performance.now();
    const now = await this.#store.stamp();
    if (now === this.#stamp) return;
    try {
      this.#handing ??= this.#open(session.name);
      await this.#handing.all();
      for (const run of this.#runs) await this.#markLate(server, session, run);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#runs.clear();
    this.#stamp = now;
  }

  async close(): Promise<void> {
    const handing = this.#handing;
    this.#handing = undefined;
    await handing?.close();
  }

  #open(bench: string): ReturnType<typeof openHanding> {
    const emit = (event: BenchEvent): void => {
      // That the server knows the bench was said.
      if (event.type === "handing_on") return;
      if (event.type === "handed_on") for (const run of event.runs) this.#runs.add(run);
      this.#place.emit(event);
    };
    // A worker that is stopped tells what it can, and is not waited for long.
    const { signal } = new AbortController();
    const figures = figuresBy(this.#place, this.#store);
    return openHanding(this.#store, { to: this.#to, bench }, { emit, signal }, figures);
  }

  async #markLate(server: Server, session: BenchSession, run: RunId): Promise<void> {
    const { job } = await this.#store.labels(run);
    const { origin } = (await this.#store.jobs()).find(({ id }) => id === job) ?? {};
    if (origin === undefined) return;
    const { name, serialNumber } = await this.#store.identity(run);
    // Of several chips, each has a fence of its own.
    const other = origin.others?.find(({ chip }) => chip === `${name}/${serialNumber}`);
    await markLateRun(server, session, run, { name, serialNumber }, (other ?? origin).fence);
  }
}
