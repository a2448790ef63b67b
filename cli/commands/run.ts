import type { StampedEvent } from "../../lab/events.ts";
import { act } from "../action.ts";
import { benchCommand } from "../flags.ts";
import { asJob } from "../jobWords.ts";
import { withBench } from "../withBench.ts";

const flagged = () =>
  benchCommand(
    "run",
    "runs an experiment of your own: a file that exports run(bench)",
    "mho run examples/experiments/ladder.mjs --chip emulator:pcm-64",
    "mho run mine.mjs --chip serial:/dev/ttyACM0 -- row=3",
  )
    .argument("<file>", "a module (.mjs, .js; .ts on Node 22.18 or newer)")
    .argument("[words...]", "words for the experiment, after --")
    .option("--chip <address>", "which chip (default: MHO_CHIP)")
    .option("--accept-unknown-wear", "go on with a chip that another workspace has pulsed")
    .option("--transcript <file>", "record every byte that passes");

export const runJob = asJob(flagged, ([file, args]) => ({ subjects: file, options: { args } }));

export const run = () =>
  flagged().action((file, words, flags) =>
    act("run", flags, async (output) => {
      const { loadExperiment, valueAsJson } = await import("../../lab/experiment.ts");
      const experiment = await loadExperiment(file);
      const runs: string[] = [];
      output.onEvent((event) => {
        if (event.type === "started") runs.push((event as StampedEvent & { readonly run: string }).run);
      });
      const { answerAtTerminal } = await import("../answerAtTerminal.ts");
      await withBench(
        { ...flags, extensions: experiment.extensions },
        output,
        { fewestDevices: worthTelling },
        async (bench) => {
          const terminal = answerAtTerminal(bench, output);
          const value = await bench
            .experiment(experiment, { args: words, say: (text) => output.say(text) })
            .finally(() => terminal.close());
          if (runs.length > 0) output.say(`Runs: ${runs.join(", ")}. See them with mho show.`);
          output.result({
            file: experiment.file,
            sha256: experiment.sha256,
            runs,
            value: valueAsJson(file, value),
          });
        },
      );
    }),
  );

/** The experiment itself tells of what is smaller. */
const worthTelling = 64;
