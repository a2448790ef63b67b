import pc from "picocolors";
import type { CommandName, ResultFields } from "../lab/eventSchema.ts";
import { EventStream, type StampedEvent } from "../lab/events.ts";
import { wallTime } from "../lab/wallTime.ts";
import { snakeKeys } from "../files/keys.ts";
import { exitCodes, MhoError } from "../src/errors.ts";
import { harmless, harmlessLine } from "../src/harmless.ts";

/** What a command says, to a person or to a machine. Whatever it is made of, it comes out harmless for a terminal. */
export interface Output {
  readonly json: boolean;
  /** Numbers and dates what the library and the command tell, and prints it for machines as it is. */
  readonly events: EventStream;
  /** Hears every event too, to tell people of it. */
  onEvent(listener: (event: StampedEvent<{ type: string }>) => void): void;
  /** A line for people. */
  say(text: string, look?: Look): void;
  /**
   * A line for people that the next one replaces; `steady` is what goes into a log instead.
   *
   * @param text   or several that say less and less: the first that fits the terminal is shown.
   * @param again  what it says later: asked every second, until another line takes its place.
   */
  progress(text: string | readonly string[], steady?: string, again?: () => string | readonly string[]): void;
  /** Called once when stdout can no longer be written: its reader left, or its disk is full. */
  onBroken(listener: () => void): void;
  /** Resolves when all is written. @returns why not all of it could be, unless a reader simply left. */
  end(): Promise<MhoError | undefined>;
}

/** The same for a command that ends with a result. */
export interface CommandOutput<C extends CommandName> extends Output {
  /** The last event of the command. */
  result(fields: ResultFields<C>): void;
}

export type Look = "plain" | "bold" | "dim";

export interface OutputFlags {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

export function openOutput({ json = false, quiet = false }: OutputFlags): Output {
  const people = !json && !quiet;
  const terminal = writesOver();
  let transient = false;
  let broken: NodeJS.ErrnoException | undefined;
  const onBroken: (() => void)[] = [];
  const listeners: ((event: StampedEvent<{ type: string }>) => void)[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (broken !== undefined) return;
      broken = error;
      onBroken.forEach((listener) => listener());
    });
  }
  let repeating: NodeJS.Timeout | undefined;
  const clear = (): void => {
    clearInterval(repeating);
    if (transient) process.stdout.write("\r\x1b[2K");
    transient = false;
  };
  const paint = (text: string | readonly string[]): void => {
    const room = Math.max(20, (process.stdout.columns ?? 80) - 1);
    const line = harmless(fitting(typeof text === "string" ? [text] : text, room));
    process.stdout.write(transient ? `\r\x1b[2K${line}` : line);
    transient = true;
  };
  const events = new EventStream((event) => {
    if (json) process.stdout.write(`${jsonLine(event)}\n`);
    listeners.forEach((listener) => listener(event));
  }, wallTime);
  return {
    json,
    events,
    onEvent: (listener) => void listeners.push(listener),
    say(text, look = "plain") {
      if (!people) return;
      clear();
      const shown = harmless(text);
      process.stdout.write(`${look === "plain" ? shown : coloursOf(process.stdout)[look](shown)}\n`);
    },
    progress(text, steady, again) {
      if (!people) return;
      if (terminal) {
        clear();
        paint(text);
        // It keeps no program alive.
        if (again !== undefined) repeating = setInterval(() => paint(again()), 1000).unref();
      } else if (steady !== undefined) {
        process.stdout.write(`${harmless(steady)}\n`);
      }
    },
    onBroken(listener) {
      onBroken.push(listener);
      if (broken !== undefined) listener();
    },
    async end() {
      clearInterval(repeating);
      await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
      if (broken === undefined || readerLeft(broken)) return undefined;
      const reason = broken.code === "ENOSPC" ? "the disk is full" : broken.message;
      return new MhoError(
        "output-failed",
        `Cannot write the output: ${reason}. Free some space, or send it elsewhere, and run the command again.`,
        {},
        broken,
      );
    },
  };
}

/** Whether a line of stdout can be written over: a terminal, and one that knows how. */
function writesOver(): boolean {
  return process.stdout.isTTY === true && process.env["TERM"] !== "dumb";
}

function readerLeft({ code }: NodeJS.ErrnoException): boolean {
  return code === "EPIPE" || code === "EIO";
}

/** The first of some lines that has room; the last one, cut, when none has. */
export function fitting(lines: readonly string[], room: number): string {
  return lines.find((line) => line.length <= room) ?? (lines.at(-1) ?? "").slice(0, room);
}

/** Tells a failure, to people on stderr and to machines as a last line, and gives the exit code. */
export function tellFailure(thrown: unknown, { json, events }: Output): number {
  const error = withoutDatabase(thrown) ?? thrown;
  const known = error instanceof MhoError;
  const message = error instanceof Error ? error.message : String(error);
  if (writesOver() && !json) process.stdout.write("\r\x1b[2K");
  const [code, facts] = known ? [error.code, snakeKeys(error.facts)] : (["bug", {}] as const);
  events.emit({ type: "error", code, message, facts });
  if (known) {
    // Lines to copy stand below, indented: no name of a file can look like a message.
    const lines = message.split(/\n(?= {2})/).map((line) => harmless(line, longestMessage));
    process.stderr.write(`${coloursOf(process.stderr).red("mho:")} ${lines.join("\n")}\n`);
    return exitCodes[error.code];
  }
  const stack = (error instanceof Error ? error.stack : undefined) ?? message;
  const lines = stack.split("\n").map((line) => harmless(line, longestMessage));
  process.stderr.write(
    `${coloursOf(process.stderr).red("mho failed by a mistake of its own. Please report this:")}\n${lines.join("\n")}\n`,
  );
  return bugExitCode;
}

/** Each stream by itself: one may be a terminal and the other a file. */
function coloursOf({ isTTY }: { readonly isTTY?: boolean }): ReturnType<typeof pc.createColors> {
  const { NO_COLOR: none = "", FORCE_COLOR: forced = "", TERM: terminal } = process.env;
  const wanted = forced === "" ? isTTY === true && terminal !== "dumb" : forced !== "0";
  return pc.createColors(none === "" && wanted);
}

/** A file may have names as long as itself. */
const longestMessage = 2000;

/** A value as one line of JSON. */
export function jsonLine(value: unknown): string {
  return harmlessLine(JSON.stringify(value));
}

/** EX_SOFTWARE of sysexits: none of the promised codes, which all say something about the world. */
const bugExitCode = 70;

/** What a program that cannot load its database says of itself, in plain words; undefined of everything else. */
function withoutDatabase(error: unknown): MhoError | undefined {
  if (!(error instanceof Error) || error instanceof MhoError) return undefined;
  const said = `${error.message}\n${error.stack ?? ""}`;
  if (
    !/No native build was found|Cannot find module|ERR_DLOPEN_FAILED/.test(said) ||
    !said.includes("photostructure")
  )
    return undefined;
  return new MhoError(
    "workspace-failed",
    "The package @photostructure/sqlite, in which mho keeps runs and its locks, cannot be loaded: its binary was left out when mho was installed, " +
      "or there is none for this system. No command works without it. Install mho again: its binaries come with the package, without a compiler.",
    { package: "@photostructure/sqlite" },
    error,
  );
}
