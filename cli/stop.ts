import type { StopRequest } from "../src/clock.ts";

/** Listens for whatever asks a command to stop: Ctrl-C, a supervisor, a closed terminal, a reader that left. */
export interface StopListener extends StopRequest {
  /** What a second request does at once, instead of finishing the turn. */
  onSecond(action: () => Promise<void>): void;
  release(): void;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The first request is for the engine to see between two turns; a second one acts now and ends the process. */
export function listenForStop(): StopListener {
  let requested = false;
  let action: () => Promise<void> = () => Promise.resolve();
  const request = (): void => {
    if (!requested) {
      requested = true;
      return;
    }
    const deadline = setTimeout(() => process.exit(130), 1500);
    void action().finally(() => {
      clearTimeout(deadline);
      process.exit(130);
    });
  };
  const readerLeft = (error: NodeJS.ErrnoException): void => {
    if (error.code === "EPIPE" || error.code === "EIO") requested = true;
    else throw error;
  };
  for (const signal of signals) process.on(signal, request);
  process.stdout.on("error", readerLeft);
  process.stderr.on("error", readerLeft);
  return {
    get requested() {
      return requested;
    },
    onSecond(next) {
      action = next;
    },
    release() {
      for (const signal of signals) process.off(signal, request);
    },
  };
}
