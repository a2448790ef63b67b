import { MhoError } from "../src/errors.ts";
import { type Output, tellFailure } from "./output.ts";

/** Listens for whatever asks a command to stop: Ctrl-C, a supervisor, a closed terminal, output that cannot be written. */
export interface StopListener {
  /** Aborted by the first request. */
  readonly signal: AbortSignal;
  /** Sets what a second request does at once instead of finishing the turn: it makes chips safe. */
  onSecond(emergency: Emergency): void;
  release(): void;
}

/** What ends work at once. */
export interface Emergency {
  readonly holdsChip: boolean;
  /** The longest that a chip may be busy with one request before it hears of standby. */
  readonly longestRequestMilliseconds: number;
  /** Rejects when a chip is not known to be safe. */
  standbyAtOnce(): Promise<void>;
  /** The commands that go on with what is under way. */
  goesOn(): string[];
}

/**
 * Every signal that ends a process and can be caught. SIGUSR1 ends none: it opens Node's debugger. Node ignores SIGXFSZ: the write
 * that was too much fails, and says so.
 */
const signals = [
  ...([
    "SIGINT",
    "SIGTERM",
    "SIGHUP",
    "SIGQUIT",
    "SIGABRT",
    "SIGUSR2",
    "SIGALRM",
    "SIGVTALRM",
    "SIGXCPU",
  ] as const),
  // By this one Node measures where its time goes, if it was started to.
  ...(process.execArgv.some((flag) => /^--(cpu-)?prof\b/.test(flag)) ? [] : (["SIGPROF"] as const)),
  ...(["SIGIO", "SIGPWR", "SIGSYS", "SIGTRAP", "SIGSTKFLT", "SIGBREAK"] as const),
];

/** The first request is for the engine to see between two turns; a second one acts now, says so and ends the process. */
export function listenForStop(output: Output): StopListener {
  const controller = new AbortController();
  const known: Emergency[] = [];
  let ending = false;
  let released = false;
  const endAtOnce = (error: (chip: string, goesOn: readonly string[]) => unknown): void => {
    // A third request changes nothing.
    if (ending) return;
    ending = true;
    void makeSafe(known).then(({ chip, goesOn }) => {
      // The command may have been quicker, and have said its own word.
      if (!released) process.exit(tellFailure(error(chip, goesOn), output));
    });
  };
  const request = (): void => {
    if (!controller.signal.aborted) return controller.abort();
    endAtOnce((chip, goesOn) => {
      const onwards = goesOn.map((command) => ` ${command} goes on.`).join("");
      const code = chip === unheard ? "standby-failed" : "interrupted";
      return new MhoError(code, `Stopped at once${chip}.${onwards}`);
    });
  };
  const crash = (error: unknown): void => endAtOnce(() => error);
  for (const signal of signals) listen(signal, request);
  process.on("uncaughtException", crash);
  output.onBroken(() => controller.abort());
  return {
    signal: controller.signal,
    onSecond: (emergency) => void known.push(emergency),
    release() {
      released = true;
      for (const signal of signals) process.off(signal, request);
      process.off("uncaughtException", crash);
    },
  };
}

function listen(signal: NodeJS.Signals, listener: () => void): void {
  try {
    process.on(signal, listener);
  } catch {
    // Not every system knows every signal.
  }
}

async function makeSafe(known: readonly Emergency[]): Promise<{ chip: string; goesOn: string[] }> {
  const goesOn = [...new Set(known.flatMap((one) => one.goesOn()))];
  if (!known.some(({ holdsChip }) => holdsChip)) return { chip: "", goesOn };
  const busy = Math.max(...known.map((one) => one.longestRequestMilliseconds));
  const deadline = new Promise<string>((resolve) =>
    setTimeout(() => resolve(unheard), longestMilliseconds + busy),
  );
  const standby = Promise.all(known.map((one) => one.standbyAtOnce())).then(
    () => "; the chip was told to be safe",
    () => unheard,
  );
  return { chip: await Promise.race([standby, deadline]), goesOn };
}

const longestMilliseconds = 1500;
const unheard =
  "; the chip did not confirm standby, so its outputs may be on, and mho standby tells it once more";
