import { MhoError } from "../src/errors.ts";

/** Options whose name is not that of the flag. */
const others: Readonly<Record<string, string>> = {
  sweep: "sweepTimesSeconds",
  budget: "pulsesPerDevice",
  times: "timesSeconds",
  "time-weights": "translation.timeWeights",
  alpha: "translation.compensationPer",
  tensor: "tensors",
  tag: "tags",
  spare: "spares",
  tile: "tileShape",
  "accept-unknown-wear": "acceptUnknownWear: true",
  "dry-run": "dryRun: true",
  believe: "believe: true",
};

/** The same error for a script: it names options where a command names flags. Commands that are to be run stay as they are. */
export function inOptionWords(error: unknown): unknown {
  if (!(error instanceof MhoError)) return error;
  const message = error.message.replace(
    /\bmho [a-z]+(?: (?:'[^']*'|[^\s;]*[^\s;.,:]))*|--([a-z][a-z-]*)/g,
    (whole, flag: string | undefined) => (flag === undefined ? whole : `the option ${optionOf(flag)}`),
  );
  if (message === error.message) return error;
  const sentence = message.replace(/^the option/, "The option");
  return new MhoError(error.code, sentence, { ...error.facts }, error.cause);
}

function optionOf(flag: string): string {
  return others[flag] ?? flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
