import { Command, Option } from "@commander-js/extra-typings";
import { usualTimesSeconds } from "../lab/usualTimes.ts";
import { MhoError } from "../src/errors.ts";
import { logLevels } from "../src/log.ts";
import {
  ambiguousUnit,
  type ConductanceUnit,
  conductanceUnits,
  parseConductanceUnit,
  parseDuration,
  type Seconds,
} from "../src/units.ts";

/** A command with the flags that all of them take. Example lines follow its help. */
export function command(name: string, description: string, ...examples: readonly string[]) {
  return (
    base(name, description, examples)
      // Scripts may give these to every command alike.
      .addOption(seedOption().hideHelp())
      .addOption(workspaceOption().hideHelp())
      .addOption(configOption().hideHelp())
      .addOption(logLevelOption().hideHelp())
  );
}

/** A command that works on a workspace: the same, and `--workspace`. */
export function workspaceCommand(name: string, description: string, ...examples: readonly string[]) {
  return base(name, description, examples)
    .addOption(seedOption().hideHelp())
    .addOption(workspaceOption())
    .addOption(configOption())
    .addOption(logLevelOption().hideHelp());
}

/** A command that works on a chip or draws chance: the same, and `--seed`. */
export function benchCommand(name: string, description: string, ...examples: readonly string[]) {
  return base(name, description, examples)
    .addOption(seedOption())
    .addOption(workspaceOption())
    .addOption(configOption())
    .addOption(logLevelOption());
}

function base(name: string, description: string, examples: readonly string[]) {
  const lines = examples.map((example) => `  $ ${example}`).join("\n");
  return new Command(name)
    .description(description)
    .option("--json", "print one JSON object a line, the last one the result")
    .option("--quiet", "print errors only")
    .addHelpText("after", `\nExample${examples.length > 1 ? "s" : ""}:\n${lines}`);
}

function seedOption() {
  return new Option("--seed <number>", "seed of every draw of chance")
    .argParser(whole("--seed", 0, 0xffffffff))
    .default(7);
}

function workspaceOption() {
  return new Option("--workspace <folder>", "where runs are kept (default: mho-workspace)");
}

function configOption() {
  return new Option("--config <file>", "settings, or none (default: mho.config.json beside the workspace)");
}

function logLevelOption() {
  return new Option("--log-level <level>", "log to stderr, from this level on (default: not at all)").choices(
    logLevels,
  );
}

/** A flag whose first choice is the default. */
export function choice<F extends string, const C extends readonly [string, ...string[]]>(
  flags: F,
  description: string,
  choices: C,
) {
  return new Option(flags, description).choices(choices).default(choices[0] as C[number]);
}

/*
 * One parser for each kind of value. Each takes the flag's name and gives what turns a text into the value, or throws
 * `bad-argument` with what was given and what is possible.
 */

function bad(flag: string, text: string, what: string): MhoError {
  return new MhoError("bad-argument", `${flag} ${text}: ${what}.`);
}

export function whole(flag: string, least = 1, most = Infinity): (text: string) => number {
  const range = most === Infinity || most === 0xffffffff ? `from ${least}` : `from ${least} to ${most}`;
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw bad(flag, text, `give a whole number ${range}`);
  };
}

export function real(flag: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() !== "" && number >= least && number <= most) return number;
    throw bad(flag, text, `give a number from ${least} to ${most}`);
  };
}

export function port(flag: string): (text: string) => number {
  return (text) => {
    if (/^\d+$/.test(text) && Number(text) <= 65_535) return Number(text);
    throw bad(flag, text, "give a port from 0 to 65535");
  };
}

/** A list of times in seconds, ascending: where each has a weight, the order tells which. */
export function times(flag: string): (text: string) => Seconds[] {
  return (text) => {
    // Probably one time with a decimal comma. The items of a list have no blank before their units.
    const comma = /^\s*(\d+),(\d+)\s+([a-zµμ]+)\s*$/i.exec(text);
    if (comma !== null) {
      const [, whole, part, unit] = comma;
      throw bad(
        flag,
        text,
        `write ${whole}.${part}${unit} for one time, or ${whole}s,${part}${unit} for two`,
      );
    }
    const found = text.split(",").map((part) => {
      const seconds = parseDuration(part);
      if (seconds !== undefined) return seconds;
      throw bad(flag, text, wrongTime(part.trim()));
    });
    if (found.every((time, i) => i === 0 || time > found[i - 1]!)) return found;
    throw bad(flag, text, "times must ascend");
  };
}

function wrongTime(text: string): string {
  const unit = ambiguousUnit(text);
  return unit === undefined
    ? `"${text}" is not a time above zero. Write seconds or a unit: 60, 1h, 30d`
    : `"${text}" can be read in two ways: the unit ${unit} is none of us, ms, s, min, h, d, y`;
}

/** One time, in seconds. */
export function oneTime(flag: string): (text: string) => number {
  return (text) => {
    const seconds = parseDuration(text);
    if (seconds !== undefined && seconds > 0) return seconds;
    throw bad(flag, text, wrongTime(text));
  };
}

export function conductanceUnit(flag: string): (text: string) => ConductanceUnit {
  return (text) => {
    const unit = parseConductanceUnit(text);
    if (unit !== undefined) return unit;
    throw bad(flag, text, `give one of ${conductanceUnits.join(", ")}`);
  };
}

/** The times at which errors count where nothing else is said. */
export const usualTimes = {
  seconds: [...usualTimesSeconds],
  text: "1,60,1h,1d,30d,360d",
};

/** Numbers of devices, as `0,1,8-15`. */
export function devicesOf(text: string): number[] {
  const parse = whole("--device", 0, 65_535);
  const devices = text.split(",").flatMap((part) => {
    const [first = "", last = first] = part.trim().split("-");
    const [from, to] = [parse(first), parse(last)];
    if (to < from) throw bad("--device", text, "a range begins with its lower number");
    return Array.from({ length: to - from + 1 }, (_, k) => from + k);
  });
  return [...new Set(devices)];
}
