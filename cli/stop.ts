import type { StopRequest } from "../src/clock.ts";
import { MhoError } from "../src/errors.ts";
import { tellFailure } from "./output.ts";

/** Listens for whatever asks a command to stop: Ctrl-C, a supervisor, a closed terminal, a reader that left. */
export interface StopListener extends StopRequest {
  /** Called with the first request, by what has no turns between which to look. */
  onRequest(action: () => void): void;
  /**
   * What a second request does at once instead of finishing the turn, beside what was named before: makes a chip safe.
   *
   * @param goesOn  asked then: the command that goes on with the work, if there is one.
   */
  onSecond(action: () => Promise<void>, goesOn?: () => string | undefined): void;
  release(): void;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The first request is for the engine to see between two turns; a second one acts now, says so and ends the process.
 *
 * @param json  whether that is said to machines too.
 */
export function listenForStop(json = false): StopListener {
  let requested = false;
  let first: () => void = () => {};
  let atOnce: (() => void) | undefined;
  const seconds: { action: () => Promise<void>; goesOn: () => string | undefined }[] = [];
  const request = (): void => {
    if (requested) return atOnce?.();
    requested = true;
    first();
  };
  let deadline: NodeJS.Timeout | undefined;
  const end = (chip: string): void => {
    const commands = new Set(seconds.map(({ goesOn }) => goesOn()).filter((text) => text !== undefined));
    const onwards = [...commands].map((command) => ` ${command} goes on.`).join("");
    process.exit(tellFailure(new MhoError("interrupted", `Stopped at once${chip}.${onwards}`), json));
  };
  atOnce = () => {
    // A third one changes nothing.
    atOnce = undefined;
    deadline = setTimeout(() => end(unheard), longestMilliseconds);
    void Promise.allSettled(seconds.map(({ action }) => action())).then((ends) => {
      // The command was quicker and has said its own word.
      if (deadline === undefined) return;
      const heard = ends.every(({ status }) => status === "fulfilled");
      end(ends.length === 0 ? "" : heard ? "; the chip was told to be safe" : unheard);
    });
  };
  const readerLeft = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    requested = true;
    first();
  };
  for (const signal of signals) process.on(signal, request);
  process.stdout.on("error", readerLeft);
  process.stderr.on("error", readerLeft);
  return {
    get requested() {
      return requested;
    },
    onRequest(next) {
      first = next;
      if (requested) next();
    },
    onSecond(action, goesOn = () => undefined) {
      seconds.push({ action, goesOn });
    },
    release() {
      clearTimeout(deadline);
      deadline = undefined;
      for (const signal of signals) process.off(signal, request);
    },
  };
}

const longestMilliseconds = 1500;
const unheard = "; the chip did not say that it is safe, and mho standby tells it once more";
