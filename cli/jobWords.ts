import { type Command, CommanderError, Option, type OptionValues } from "@commander-js/extra-typings";
import { MhoError } from "../src/errors.ts";
import { badUsage } from "./badUsage.ts";
import { collected } from "./labelFlags.ts";

/** The flags of a command, as its action gets them. */
export type FlagsOf<M extends () => { opts(): unknown }> = ReturnType<ReturnType<M>["opts"]>;

/** What a job is about, as a command's words say it. */
export interface JobWords {
  readonly subjects: string | readonly string[];
  readonly options: object;
  readonly minYieldPercent?: number | undefined;
}

/** A job that was given as the words of its command. */
export interface ParsedJob extends JobWords {
  readonly command: string;
  /** For people: the words, without what `add` itself takes. */
  readonly text: string;
  readonly at: string | undefined;
  readonly after: readonly string[] | undefined;
  /** Flags of the bench that stood among the words. */
  readonly bench: Readonly<Record<string, unknown>>;
}

/** Reads the words of a command that may be a job. */
export interface JobParser {
  readonly name: string;
  parse(words: readonly string[]): Promise<ParsedJob>;
}

/** Flags that a command has and a job has not: a dry run is no job, and a transcript is of a command at hand. */
const refused = ["dryRun", "transcript"];
/** Of the bench, and so of `add`. */
const ofBench = ["workspace", "config", "chip", "seed", "acceptUnknownWear", "json", "quiet", "logLevel"];

/** @param make  the command with its flags. */
export function asJob<A extends unknown[], O extends OptionValues, G extends OptionValues>(
  make: () => Command<A, O, G>,
  work: (subjects: A, flags: O) => JobWords | Promise<JobWords>,
): JobParser {
  const name = make().name();
  return {
    name,
    async parse(words) {
      const command: Command = withWhen(make()) as never;
      let given: readonly unknown[] = [];
      command
        .exitOverride()
        .configureOutput({ outputError() {} })
        .action((...all: readonly unknown[]) => void (given = all.slice(0, -2)));
      try {
        await command.parseAsync(words, { from: "user" });
      } catch (error) {
        // Its help was asked for, and is printed.
        if (!(error instanceof CommanderError) || error.exitCode === 0) throw error;
        throw badUsage(error, command);
      }
      const flags = command.opts() as Readonly<Record<string, unknown>>;
      const isGiven = (flag: string): boolean => command.getOptionValueSource(flag) === "cli";
      const strange = refused.find(isGiven);
      if (strange !== undefined) {
        const long = command.options.find((option) => option.attributeName() === strange)?.long;
        throw new MhoError("bad-argument", `A job takes no ${long}. Leave it out.`);
      }
      return {
        command: name,
        ...(await work(given as A, flags as O)),
        text: textOf(command, given, isGiven),
        at: flags["at"] as string | undefined,
        after: flags["after"] as string[] | undefined,
        bench: Object.fromEntries(
          ofBench.filter(isGiven).flatMap((flag) => {
            const value = flags[flag];
            if (!Array.isArray(value)) return [[flag, value]];
            // Several chips are an option of the command.
            return value.length === 1 ? [[flag, value[0] as unknown]] : [];
          }),
        ),
      };
    },
  };
}

/** With the flags of `mho queue add`, which may stand behind the command too. */
export function withWhen<A extends unknown[], O extends OptionValues, G extends OptionValues>(
  command: Command<A, O, G>,
) {
  return command
    .option("--at <time>", 'not before this: 22:00, or "2026-12-01 22:00"')
    .addOption(
      new Option(
        "--after <job|time>",
        "after a job, such as j3, or this long from now, such as 2h; may be given several times",
      ).argParser(collected),
    );
}

function textOf(command: Command, given: readonly unknown[], isGiven: (flag: string) => boolean): string {
  const values = command.opts() as Readonly<Record<string, unknown>>;
  const flags = command.options.flatMap((option) => {
    const flag = option.attributeName();
    if (!isGiven(flag) || [...ofBench, "at", "after"].includes(flag)) return [];
    const value = values[flag];
    return option.isBoolean()
      ? [option.long!]
      : [option.long!, Array.isArray(value) ? value.join(",") : String(value)];
  });
  return [command.name(), ...given.flat().filter((word) => word !== undefined), ...flags]
    .map(quoted)
    .join(" ");
}

function quoted(word: unknown): string {
  const text = String(word);
  return /\s/.test(text) ? JSON.stringify(text) : text;
}
