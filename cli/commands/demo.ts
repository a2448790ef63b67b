import { demoNetworks } from "../../lab/exampleNetworks.ts";
import { act } from "../action.ts";
import { benchCommand, choice, whole } from "../flags.ts";
import { listenForStop } from "../stop.ts";
import { tellDemo } from "../demoTelling.ts";

export const demo = () =>
  benchCommand(
    "demo",
    "the whole story on emulated chips, with a report at the end",
    "mho demo --network mlp",
  )
    .addOption(choice("--network <name>", "which network to program", demoNetworks))
    .option("--onnx <file>", "a network of your own")
    .option("--images <file>", "images to test it with, beside --labels: .npy, one image an entry")
    .option("--labels <file>", "the class number of each image: .npy")
    .option(
      "--weights <file>",
      "weights of your own, in any file that optimize reads; accuracy is then unknown",
    )
    .option(
      "--repeats <number>",
      "how many emulated chips; several give the spread (default: 1)",
      whole("--repeats", 1, 20),
    )
    .option(
      "--draws <number>",
      "chips drawn from each model to predict accuracy, 0 for none (default: 19)",
      whole("--draws", 0, 10_000),
    )
    .option("--chip <address>", "a chip of your own instead of a new emulated one (default: MHO_CHIP)")
    .option("--transcript <file>", "record every byte that passes")
    .option("--out <folder>", "where the report goes", "mho-demo")
    .action((flags) =>
      act("demo", flags, async (output) => {
        const { demo: run } = await import("../../lab/demo/demo.ts");
        const chip = flags.chip ?? process.env["MHO_CHIP"];
        const stop = listenForStop(output);
        try {
          output.onEvent(tellDemo(output, { chipStays: chip !== undefined }));
          const outcome = await run({ ...flags, chip, signal: stop.signal }, output.events, {
            onNetwork({ text, images, softwareAccuracy }) {
              const known =
                images === 0 ? "" : `; ${(100 * softwareAccuracy).toFixed(1)} % right in software`;
              output.say(`Network: ${text}${known}.`);
            },
            onWorkplace: (place) => stop.onSecond(place),
            onPredicting: () => output.progress("predicting accuracy by the models"),
            onWaiting: () => output.progress("waiting for the other chips"),
          });
          const { network, first, chips, predictions, files, workspace } = outcome;
          const { linesOf } = await import("../demoTable.ts");
          output.say("");
          for (const { text, look } of linesOf(outcome)) output.say(text, look);
          output.say("");
          output.say(`Report: ${files.report}`);
          const { resultOf } = await import("../../lab/demo/figures.ts");
          const { headline } = outcome.headline;
          output.result({ headline, ...resultOf(network, first, chips, predictions), ...files, workspace });
        } finally {
          stop.release();
        }
      }),
    );
