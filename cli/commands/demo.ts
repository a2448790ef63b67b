import { demoNetworks } from "../../lab/exampleNetworks.ts";
import type { TrainedNetwork } from "../../lab/trainedNetwork.ts";
import { counted } from "../../src/counted.ts";
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
      "--inputs <file>",
      "inputs of a network without labels, whose outputs are compared with those in software: .npy, or .npz with one array an input",
    )
    .option("--output <name>", "which output of the network is judged (default: the first)")
    .option("--tensor <name...>", "put only these weight matrices on the chip; the others stay in software")
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
          const { tensor: tensors, ...others } = flags;
          const outcome = await run({ ...others, tensors, chip, signal: stop.signal }, output.events, {
            onNetwork: (network) => output.say(`Network: ${network.text}${judgedText(network)}.`),
            onWorkplace: (place) => stop.onSecond(place),
            onPredicting: () => output.progress("predicting by the models how the network will do"),
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

/** How the network is judged, once it is loaded. */
function judgedText({ measure, inputs, softwareScore }: TrainedNetwork): string {
  if (measure === undefined) return "";
  return measure.name === "accuracy"
    ? `; ${(100 * softwareScore).toFixed(1)} % right in software`
    : `; judged by the cosine of its outputs to those in software, over ${counted(inputs, "input")}`;
}
