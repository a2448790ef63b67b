import { Option } from "@commander-js/extra-typings";
import { exampleNetworks } from "../../lab/exampleNetworks.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const report = () =>
  workspaceCommand(
    "report",
    "one self-contained HTML page with pictures, and their numbers as CSV beside it",
    "mho report r2 --out r2.html",
  )
    .argument(
      "<what>",
      "a run such as r2, a network over several chips, such as n1, a strategy, or a model that was fitted",
    )
    .option("--model <model>", "of a run: the model that its drift is compared with (default: its own)")
    .option("--strategy <file>", "of a run: the strategy that it was programmed from, to compare with")
    .addOption(
      new Option("--network <name>", "of a run: the example network that it holds, for its accuracy").choices(
        exampleNetworks,
      ),
    )
    .option("--onnx <file>", "the same, a network of your own")
    .option("--images <file>", "images to test it with, beside --labels: .npy, one image an entry")
    .option("--labels <file>", "the class number of each image: .npy")
    .option(
      "--inputs <file>",
      "inputs of a network without labels, whose outputs are compared with those in software: .npy, or .npz with one array an input",
    )
    .option("--output <name>", "which output of the network is judged (default: the first)")
    .option("--out <file>", "the page", "report.html")
    .action((what, flags) =>
      act("report", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { out, model, strategy, network, onnx, images, labels, inputs, output: judged } = flags;
          const by = { network, onnx, images, labels, inputs, output: judged };
          const files = await bench.report(what, { out, model, strategy, ...by });
          output.say(`Report: ${files.report}`);
          output.say(`Its numbers: ${files.figures}`);
          output.result(files);
        }),
      ),
    );
