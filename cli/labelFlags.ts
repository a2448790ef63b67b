import type { Command, OptionValues } from "@commander-js/extra-typings";
import type { LabelOptions } from "../lab/labelOptions.ts";

/** A command that begins a run, with the flags by which the run is found again. */
export function beginsRun<A extends unknown[], O extends OptionValues, G extends OptionValues>(
  command: Command<A, O, G>,
) {
  return command
    .option("--title <text>", "what the run is called (default: the name of what is programmed)")
    .option("--note <text>", "a note to keep with the run")
    .option("--tag <tag>", "a tag to find the run by; may be given several times", collected)
    .option("--operator <name>", "who begins it (default: that of mho.config.json)");
}

/** A flag that is given once for each value. */
export function collected(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

export interface LabelFlags {
  readonly title?: string | undefined;
  readonly note?: string | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly operator?: string | undefined;
}

/** The same as options of a call. */
export function labelsOf({ title, note, tag, operator }: LabelFlags): LabelOptions {
  return { title, note, tags: tag, operator };
}
