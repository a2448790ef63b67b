#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { MhoError } from "../src/errors.ts";
import type {
  CommonOptions,
  DemoOptions,
  EmulateOptions,
  ExportOptions,
  FitOptions,
  OptimizeOptions,
  ProgramOptions,
  ReportOptions,
  ResumeOptions,
  ServeOptions,
  TrimOptions,
  WatchOptions,
} from "./options.ts";
import { exampleNetworks } from "./options.ts";
import { openOutput, type Output, tellFailure } from "./output.ts";
import { version } from "../lab/version.ts";

/** Commands load what they need when they run, so that help comes at once. */
async function main(args: readonly string[]): Promise<void> {
  const program = new Command("mho")
    .description("Programs analogue-memory chips in a closed loop, and watches them drift.")
    .version(version)
    .configureOutput({ outputError() {} })
    .exitOverride();

  common(program.command("demo"))
    .description("the whole story on emulated chips at the end of a line, with a report")
    .addOption(choice("--network <name>", "which network to program", exampleNetworks))
    .option("--onnx <file>", "a network of your own")
    .option("--images <file>", "what it is judged by, with --labels: .npy, one image an entry")
    .option("--labels <file>", "the class number of each image: .npy")
    .option(
      "--weights <file>",
      "weights of your own, in any file that optimize reads; accuracy is then unknown",
    )
    .option("--repeats <number>", "so many emulated chips, which gives the spread (2)")
    .option("--chip <address>", "a chip of your own instead of a new emulated one (or MHO_CHIP)")
    .option("--transcript <file>", "record every byte that passes")
    .option("--out <folder>", "where the report goes", "mho-demo")
    .action(async (options: DemoOptions) => {
      const { demo } = await import("./demo.ts");
      await run(options, (output) => demo(options, output));
    });

  common(program.command("emulate"))
    .description(
      "serves an emulated chip until it is stopped; its first line on stdout is JSON with the address",
    )
    .argument("<preset>", "pcm-64, pcm-256, pcm-64core or rram-128; for instance pcm-64?tiles=14")
    .option("--link <path>", "a symbolic link that always names the pseudo-terminal")
    .option("--tcp <port>", "serve on loopback TCP instead; 0 for any free port")
    .option("--faults <file or seed>", "what goes wrong: a record, or the seed of one")
    .option(
      "--time-scale <factor>",
      "chip time goes by itself, so much faster than the clock; else it is virtual",
    )
    .option("--dialect <dialect>", "what the chip speaks (packet)")
    .option("--no-pace", "answer faster than the line's rate would let through")
    .option("--control [port]", "open a side door on loopback: inject faults, read the truth")
    .action(async (preset: string, options: EmulateOptions) => {
      const { emulate } = await import("./emulate.ts");
      await run(options, (output) => emulate(preset, options, output));
    });

  common(program.command("optimize"))
    .description("weights → the conductances that hold them best, with the error to expect at every time")
    .argument("<weights>", ".npy, .npz, .safetensors, .onnx or .csv")
    .requiredOption("--model <model>", "a built-in model, such as pcm-90nm, or a JSON file")
    .option("--tensor <name...>", "only these tensors of the file")
    .addOption(choice("--layout <layout>", "devices a weight", ["dual-pair", "single-pair", "n-pair"]))
    .option("--pairs <number>", "pairs of an n-pair layout whose significance is auto (3)")
    .option("--significance <list>", "auto, F, the values F may take, or one factor a pair (n-pair)", "auto")
    .option("--scale <scale>", "full range, free, or µS per unit of weight", "full")
    .option("--times <list>", "when errors count (1,60,1h,1d,30d,360d)")
    .option("--time-weights <list>", "how much each time counts (equally)")
    .addOption(choice("--compensation <rule>", "how α is found", ["least-squares", "mean-absolute"]))
    .addOption(choice("--alpha <per>", "one α a tile or a column", ["tile", "column"]))
    .addOption(
      choice("--per <part>", "own curves for each layer, each tile, or none", ["layer", "tile", "network"]),
    )
    .option("--tile <rows x columns>", "the size of a tile, for --per tile", "64x64")
    .option("--clip <percent>", "weights beyond this percentile of |w| are clipped to it", "100")
    .option("--pair-correlation <c>", "correlation of the drift of a pair's two devices", "0")
    .option("--out <file>", "the strategy file", "strategy.json")
    .action(async (weights: string, options: OptimizeOptions) => {
      const { optimize } = await import("./optimize.ts");
      await run(options, (output) => optimize(weights, options, output));
    });

  common(program.command("program"))
    .description("programs a chip, reads it back after every pulse, and gives each device a verdict")
    .argument("<targets>", "a strategy (.json), or conductances in µS (.npy, .csv)")
    .option("--chip <address>", "which chip (or MHO_CHIP)")
    .addOption(
      new Option("--method <method>", "how (residual for a strategy, else verify)").choices([
        "open-loop",
        "verify",
        "residual",
        "gdp",
        "max-set-fill",
        "on-board",
        "staircase",
      ]),
    )
    .option("--model <model>", "what is believed of the devices (the strategy's)")
    .option("--weights <file>", "the weights that the strategy was made from, if they have moved")
    .option("--sweep <list>", "read everything this long after programming, or none", "1")
    .option("--budget <pulses>", "what a device may be given in this run (200)")
    .option("--min-yield <percent>", "end with 1 when fewer devices are accepted")
    .option("--dry-run", "say what it will take, and touch nothing")
    .option("--transcript <file>", "record every byte that passes")
    .action(async (path: string, options: ProgramOptions) => {
      const { program: work } = await import("./program.ts");
      await run(options, (output) => work(path, options, output));
    });

  common(program.command("resume"))
    .description("goes on with a run after a stop, a crash or a cable pull")
    .argument("<run>", "a run such as r2")
    .option("--chip <address>", "where the chip is now, if it has moved")
    .option("--min-yield <percent>", "end with 1 when fewer devices are accepted")
    .option("--transcript <file>", "record every byte that passes")
    .action(async (id: string, options: ResumeOptions) => {
      const { resume } = await import("./program.ts");
      await run(options, (output) => resume(id, options, output));
    });

  common(program.command("watch"))
    .description("reads runs at log-spaced ages, over minutes to months; goes on where it was stopped")
    .argument("<run...>", "runs such as r2; of several chips too")
    .option("--until <age>", "the last age to read at (30d, or what was set before)")
    .option("--per-decade <number>", "ages a decade, from 1 s on (3)")
    .option("--averages <number>", "reads that the chip averages (16)")
    .option("--chip <address>", "where the chip is now, if it has moved")
    .option("--transcript <file>", "record every byte that passes")
    .action(async (runs: string[], options: WatchOptions) => {
      const { watch } = await import("./watch.ts");
      await run(options, (output) => watch(runs, options, output));
    });

  common(program.command("fit"))
    .description("fits a model to how devices of runs were read, and says whether to believe it")
    .argument("<run...>", "runs that were watched")
    .requiredOption("--out <file>", "the model file, to be used like any other")
    .option("--model <model>", "what was believed before (that of the first run)")
    .option("--name <name>", "the model's name (that of the file)")
    .action(async (runs: string[], options: FitOptions) => {
      const { fit } = await import("./fit.ts");
      await run(options, (output) => fit(runs, options, output));
    });

  common(program.command("trim"))
    .description("corrects the weights of a run that its devices' measured drift says will go wrong")
    .argument("<run>", "a run that was watched, or a trim of it")
    .option("--model <model>", "what is believed of devices that are programmed anew (the run's)")
    .option("--times <list>", "when errors count, from the visit on (1,60,1h,1d,30d,360d)")
    .option("--budget <pulses>", "what a device may be given in this visit (200)")
    .option("--dry-run", "say what is expected of it, and pulse nothing")
    .option("--min-yield <percent>", "end with 1 when fewer devices are accepted")
    .option("--chip <address>", "where the chip is now, if it has moved")
    .option("--transcript <file>", "record every byte that passes")
    .action(async (id: string, options: TrimOptions) => {
      const { trim } = await import("./trim.ts");
      await run(options, (output) => trim(id, options, output));
    });

  common(program.command("export"))
    .description("a run's sweeps as a table, or a model as aihwkit's arguments")
    .argument("<what>", "a run such as r2; a model file or name for aihwkit")
    .addOption(
      new Option("--to <format>", "what it becomes")
        .choices(["parquet", "csv", "npz", "aihwkit"])
        .makeOptionMandatory(),
    )
    .option("--out <file>", "where it goes (named after what it is)")
    .option("--times <list>", "aihwkit: when to infer", "1,60,1h,1d,30d,360d")
    .action(async (what: string, options: ExportOptions) => {
      const { exportTo } = await import("./export.ts");
      await run(options, (output) => exportTo(what, options, output));
    });

  common(program.command("serve"))
    .description("the live page: runs now and past, on this machine; pause, stop and resume with its token")
    .option("--port <number>", "where; 0 for any free one", "8417")
    .option("--host <address>", "for others than this machine, with --token", "127.0.0.1")
    .option("--token <text>", "what whoever may ask for something must know (a new one each time)")
    .action(async (options: ServeOptions) => {
      const { serve } = await import("./serve.ts");
      await run(options, (output) => serve(options, output));
    });

  common(program.command("ports"))
    .description("serial ports, and which answer as a chip")
    .argument("[port...]", "ask only these")
    .option("--baud <rate>", "line rate to ask at", "3000000")
    .action(async (named: string[], options: CommonOptions & { baud: string }) => {
      const { ports } = await import("./ports.ts");
      await run(options, (output) => ports(named, options, output));
    });

  common(program.command("standby"))
    .description("puts a chip into its safe state, now")
    .option("--chip <address>", "which chip (or MHO_CHIP)")
    .option("--transcript <file>", "record every byte that passes")
    .action(async (options: CommonOptions & { chip?: string; transcript?: string }) => {
      const { standby } = await import("./standby.ts");
      await run(options, (output) => standby(options, output));
    });

  common(program.command("show"))
    .description("the runs of a workspace; or one run, strategy or model")
    .argument("[what]", "a run such as r2, a strategy or model file, or a built-in model")
    .action(async (id: string | undefined, options: CommonOptions) => {
      const { show } = await import("./show.ts");
      await run(options, (output) => show(id, options, output));
    });

  common(program.command("replay"))
    .description("runs a recorded transcript against today's code, and points at the first difference")
    .argument("<transcript>", "a file written by --transcript")
    .action(async (path: string, options: CommonOptions) => {
      const { replay } = await import("./replay.ts");
      await run(options, (output) => replay(path, output));
    });

  common(program.command("report"))
    .description("one self-contained HTML page with pictures, and their numbers as CSV beside it")
    .argument("<file>", "a run such as r2, a strategy, or a model that was fitted")
    .option("--model <model>", "of a run: by which its devices are held to drift, such as a fit (its own)")
    .option("--strategy <file>", "of a run: what it was programmed from, to compare with")
    .addOption(
      new Option("--network <name>", "of a run: the example network that it holds, for its accuracy").choices(
        exampleNetworks,
      ),
    )
    .option("--onnx <file>", "the same, a network of your own")
    .option("--images <file>", "what it is judged by, with --labels: .npy, one image an entry")
    .option("--labels <file>", "the class number of each image: .npy")
    .option("--out <file>", "the page", "report.html")
    .action(async (path: string, options: ReportOptions) => {
      const { report } = await import("./report.ts");
      await run(options, (output) => report(path, options, output));
    });

  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    const json = args.includes("--json");
    if (!(error instanceof CommanderError)) process.exitCode = tellFailure(error, json);
    else if (error.exitCode === 0) process.exitCode = 0;
    else if (error.code === "commander.help") process.exitCode = 2;
    else {
      const command = program.commands.find((one) => one.name() === args.find((arg) => !arg.startsWith("-")));
      process.exitCode = tellFailure(badUsage(error, command), json);
    }
  }
}

/** What the parser did not understand, in the words of every other failure, and where help is. */
function badUsage({ message }: CommanderError, command: Command | undefined): MhoError {
  const said = message.replace(/^error: /, "").replace(/\.$/, "");
  const sentence = `${said[0]!.toUpperCase()}${said.slice(1).replace(/\s*\n\s*/g, " ")}`;
  const help =
    command === undefined
      ? "mho --help lists the commands."
      : `mho ${command.name()} --help says what it takes.`;
  return new MhoError("bad-argument", `${sentence}${/[)?]$/.test(sentence) ? "" : "."} ${help}`);
}

/** The first choice is the default. */
function choice(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices).default(choices[0]);
}

function common(command: Command): Command {
  return command
    .option("--json", "one JSON object a line on stdout, the last one the result", false)
    .option("--quiet", "say nothing but errors", false)
    .option("--seed <number>", "seed of every draw of chance", parseSeed, 7)
    .option("--workspace <folder>", "where runs are kept");
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || seed > 0xffffffff)
    throw new InvalidArgumentError("A seed is a whole number from 0.");
  return seed;
}

async function run(options: CommonOptions, work: (output: Output) => Promise<void>): Promise<void> {
  try {
    await work(openOutput(options));
  } catch (error) {
    process.exitCode = tellFailure(error, options.json);
  }
}

// What a second controller is told of this one.
process.title = `mho ${process.argv[2] ?? ""}`.trim();
await main(process.argv.slice(2));
