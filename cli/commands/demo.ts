import { counted } from "../../src/counted.ts";
import type { StampedEvent } from "../../lab/events.ts";
import { exampleNetworks } from "../../lab/exampleNetworks.ts";
import { act } from "../action.ts";
import { benchCommand, choice, whole } from "../flags.ts";
import type { Output } from "../output.ts";
import { listenForStop } from "../stop.ts";
import { tellEvents } from "../tellEvents.ts";

export const demo = () =>
  benchCommand(
    "demo",
    "the whole story on emulated chips, with a report at the end",
    "mho demo --network mlp",
  )
    .addOption(choice("--network <name>", "which network to program", exampleNetworks))
    .option("--onnx <file>", "a network of your own")
    .option("--images <file>", "images to test it with, beside --labels: .npy, one image an entry")
    .option("--labels <file>", "the class number of each image: .npy")
    .option(
      "--weights <file>",
      "weights of your own, in any file that optimize reads; accuracy is then unknown",
    )
    .option(
      "--repeats <number>",
      "how many emulated chips, which gives the spread (default: 2)",
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
          output.onEvent(tellEvents(output, { chipStays: chip !== undefined }));
          output.onEvent((event) => tellStory(event as StampedEvent, output));
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
          const { pulsesLine, tableOf } = await import("../demoTable.ts");
          output.say("");
          for (const { text, look } of tableOf(network, first, chips, predictions)) output.say(text, look);
          output.say(pulsesLine(first), "dim");
          output.say("");
          output.say(`Report: ${files.report}`);
          const { resultOf } = await import("../../lab/demo/figures.ts");
          output.result({ ...resultOf(network, first, chips, predictions), ...files, workspace });
        } finally {
          stop.release();
        }
      }),
    );

function tellStory(event: StampedEvent, output: Output): void {
  if (event.type === "corrected") {
    output.say(`   corrected: ${event.devices.map((n) => counted(n, "device")).join(", then ")}`);
  }
  if (event.type !== "model_compared") return;
  const { conductance_microsiemens: g, models, believed, failed_checks: failed } = event;
  output.say(`   left after a day of   ${g.map((one) => `${one} µS`.padStart(9)).join("")}`);
  for (const { name, left_percent: left } of models) {
    output.say(`   ${name.padEnd(22)}${left.map((share) => `${share.toFixed(1)} %`.padStart(9)).join("")}`);
  }
  output.say("   spread of equal devices then");
  for (const { name, spread_microsiemens: spread } of models) {
    output.say(`   ${name.padEnd(22)}${spread.map((std) => `${std.toFixed(2)} µS`.padStart(9)).join("")}`);
  }
  output.say(
    believed ? "   The fit passes every check." : `   The fit is not to be believed: ${failed.join(", ")}.`,
  );
}
