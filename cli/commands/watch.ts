import { runsNamed } from "../../lab/runName.ts";
import { counted } from "../../src/counted.ts";
import { act } from "../action.ts";
import { benchCommand, whole } from "../flags.ts";
import { asJob, type FlagsOf } from "../jobWords.ts";
import { collected } from "../labelFlags.ts";
import { withBench } from "../withBench.ts";

const flagged = () =>
  benchCommand(
    "watch",
    "reads runs at log-spaced ages, over minutes to months; goes on where it was stopped",
    "mho watch r2 --until 30d",
  )
    .argument("<run...>", "runs such as r2, of several chips too, or a network over chips, such as n1")
    .option("--until <age>", "the last age to read at (default: what was set before, else 30d)")
    .option("--per-decade <number>", "ages a decade, from 1 s on (default: 3)", whole("--per-decade", 1, 50))
    .option("--averages <number>", "reads that the chip averages (default: 16)", whole("--averages", 1, 256))
    .option("--note <text>", "a note to keep with the runs")
    .option("--tag <tag>", "a tag to put on the runs; may be given several times", collected)
    .option("--operator <name>", "who watches (default: that of mho.config.json)")
    .option("--chip <address>", "where the chip is now, if it has moved")
    .option("--transcript <file>", "record every byte that passes");

function optionsOf({ until, perDecade, averages, chip, note, tag: tags, operator }: FlagsOf<typeof flagged>) {
  return { until, perDecade, averages, chip, note, tags, operator };
}

export const watchJob = asJob(flagged, ([runs], flags) => ({ subjects: runs, options: optionsOf(flags) }));

export const watch = () =>
  flagged().action((runs, flags) =>
    act("watch", flags, (output) =>
      withBench(flags, output, {}, async (bench) => {
        let sweeps = 0;
        output.onEvent(({ type }) => void (sweeps += type === "sweep" ? 1 : 0));
        await bench.watch(runs, {
          ...optionsOf(flags),
          onChipFailed: (address, error) =>
            output.say(`${address}: ${error instanceof Error ? error.message : String(error)}`),
        });
        output.say(`watch: nothing is left to read; ${counted(sweeps, "sweep")} taken`);
        const store = await bench.store();
        output.result({ runs: await runsNamed(store, runs), sweeps, workspace: store.file });
      }),
    ),
  );
