import pc from "picocolors";
import { exitCodes, MhoError } from "../src/errors.ts";

/** What a command says, to a person or to a machine. */
export interface Output {
  readonly json: boolean;
  /** One JSON object on a line of stdout; nothing for people. */
  event(event: Readonly<Record<string, unknown>>): void;
  /** A line for people. */
  say(text: string): void;
  /** A line for people that the next one replaces; `steady` is what goes into a log instead. */
  progress(text: string, steady?: string): void;
}

export function openOutput({ json, quiet }: { json: boolean; quiet: boolean }): Output {
  const people = !json && !quiet;
  const terminal = process.stdout.isTTY === true;
  let transient = false;
  // Whoever read this has gone (`| head`): the work goes on, in silence.
  process.stdout.on("error", () => {});
  const clear = (): void => {
    if (transient) process.stdout.write("\r\x1b[2K");
    transient = false;
  };
  return {
    json,
    event(event) {
      if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
    },
    say(text) {
      if (!people) return;
      clear();
      process.stdout.write(`${text}\n`);
    },
    progress(text, steady) {
      if (!people) return;
      if (terminal) {
        clear();
        process.stdout.write(text.slice(0, Math.max(20, (process.stdout.columns ?? 80) - 1)));
        transient = true;
      } else if (steady !== undefined) {
        process.stdout.write(`${steady}\n`);
      }
    },
  };
}

/** Tells a failure, to people on stderr and to machines as a last line, and gives the exit code. */
export function tellFailure(error: unknown, json: boolean): number {
  const known = error instanceof MhoError;
  const message = error instanceof Error ? error.message : String(error);
  if (process.stdout.isTTY === true && !json) process.stdout.write("\r\x1b[2K");
  if (json) {
    const facts = known ? error.facts : {};
    process.stdout.write(
      `${JSON.stringify({ type: "error", code: known ? error.code : "bug", message, facts })}\n`,
    );
  }
  if (known) {
    process.stderr.write(`${pc.red("mho:")} ${message}\n`);
    return exitCodes[error.code];
  }
  const stack = error instanceof Error ? error.stack : undefined;
  process.stderr.write(
    `${pc.red("mho failed by a mistake of its own. Please report this:")}\n${stack ?? message}\n`,
  );
  return bugExitCode;
}

/** EX_SOFTWARE of sysexits: none of the promised codes, which all say something about the world. */
const bugExitCode = 70;
