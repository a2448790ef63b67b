import { snakeKeys } from "../../files/keys.ts";
import { act } from "../action.ts";
import { benchCommand } from "../flags.ts";
import { describeFit } from "../showFit.ts";
import { withBench } from "../withBench.ts";

export const fit = () =>
  benchCommand(
    "fit",
    "fits a model to how devices of runs were read, and says whether to believe it",
    "mho fit r1 r2 --out mine.json",
  )
    .argument("<run...>", "runs that were watched, or a network over several chips, such as n1")
    .requiredOption("--out <file>", "the model file, to be used like any other")
    .option("--model <model>", "the model to compare the fit with (default: that of the first run)")
    .option("--name <name>", "the model's name (default: that of the file)")
    .action((runs, flags) =>
      act("fit", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { out, model, name } = flags;
          const { record } = await bench.fit(runs, { out, model, name });
          for (const line of describeFit(record)) output.say(line);
          output.say(`Model: ${out}`);
          output.result({ model: out, ...snakeKeys(record) });
          if (!record.believe) process.exitCode = 1;
        }),
      ),
    );
