import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { readModel } from "../files/model.ts";
import { readStrategy } from "../files/strategy.ts";
import { tidyCsv } from "../report/csv.ts";
import { fitNumbers } from "../report/fitNumbers.ts";
import { renderFit } from "../report/fitReport.ts";
import { renderRun } from "../report/runReport.ts";
import { strategyNumbers } from "../report/strategyNumbers.ts";
import { renderStrategy } from "../report/strategyReport.ts";
import { MhoError } from "../src/errors.ts";
import { builtInDefinition } from "../src/model/modelOf.ts";
import { asPowerLaw } from "../src/model/powerLaw.ts";
import { type TrainedNetwork, loadNetwork } from "../lab/trainedNetwork.ts";
import { inWorkspace } from "../lab/existingWorkspace.ts";
import type { ReportOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { runNamed } from "../lab/runName.ts";
import { storyOf } from "../lab/runStory.ts";
import { kindOfFile } from "./showFile.ts";
import { version } from "../lab/version.ts";
import { writeWhole, writeWholeBy } from "../files/writeWhole.ts";

/** A page, and the numbers of its figures. */
interface Drawn {
  readonly html: string;
  readonly csv: string;
}

/** Draws a run, a strategy or a fit on one HTML page, and writes the numbers of its figures beside it. */
export async function report(what: string, options: ReportOptions, output: Output): Promise<void> {
  const file = pageNamed(options.out);
  const figures = `${file.replace(/\.html?$/i, "")}.figures.csv`;
  // As everywhere: a file of that name is ./r1.
  const isRun = /^r\d+$/i.test(what);
  const drawn = isRun ? await drawRun(runNamed(what), options) : await drawFile(what, options);
  const advice = "Name another file with --out.";
  // The table waits as a draft until the page is written: a full disk leaves neither.
  await writeWholeBy(figures, advice, async (draft) => {
    await writeFile(draft, drawn.csv);
    await writeWhole(file, drawn.html, advice);
  });
  output.say(`Report: ${file}`);
  output.say(`Its numbers: ${figures}`);
  output.event({ type: "result", report: file, figures });
}

/** Only a page is ever written over, never the strategy or the table that a slip of the keyboard names. */
function pageNamed(out: string): string {
  if (/[^/\\]\.html?$/i.test(out)) return resolve(out);
  throw new MhoError(
    "bad-argument",
    `--out ${out}: a report is a page, so give a name that ends in .html or .htm, such as report.html.`,
    { file: out },
  );
}

async function drawRun(run: string, options: ReportOptions): Promise<Drawn> {
  const model = options.model === undefined ? undefined : await readModel(options.model);
  const strategy = options.strategy === undefined ? undefined : await readStrategy(options.strategy);
  const network = await networkNamed(options);
  return renderRun(await inWorkspace(options, (store) => storyOf(store, run, { model, strategy, network })));
}

/** The network by which a run is judged; undefined where none is named. */
async function networkNamed(options: ReportOptions): Promise<TrainedNetwork | undefined> {
  const { network, onnx, images, labels } = options;
  if (network === undefined && onnx === undefined && images === undefined && labels === undefined)
    return undefined;
  if (network !== undefined && onnx !== undefined) {
    throw new MhoError(
      "bad-argument",
      "Give --network, one that comes with mho, or --onnx, your own, and not both.",
    );
  }
  const loaded = await loadNetwork({ network: network ?? "cnn", ...options });
  if (loaded.images > 0) return loaded;
  throw new MhoError("bad-argument", "--onnx needs --images and --labels, to judge the network by.");
}

async function drawFile(path: string, options: ReportOptions): Promise<Drawn> {
  const flag = (["model", "strategy", "network", "onnx", "images", "labels"] as const).find(
    (name) => options[name] !== undefined,
  );
  if (flag !== undefined) {
    throw new MhoError(
      "bad-argument",
      `--${flag} goes with the report of a run, such as r2, and not with ${path}.`,
      { file: path },
    );
  }
  const kind = builtInDefinition(path) === undefined ? await kindOfFile(path) : "mho-model";
  if (kind === "mho-model") return drawFit(path);
  const read = await readStrategy(path);
  const about = [`strategy for ${read.model.name}; mho ${version}`];
  return { html: renderStrategy(read, version), csv: tidyCsv(about, strategyNumbers(read)) };
}

async function drawFit(path: string): Promise<Drawn> {
  const definition = await readModel(path);
  if (definition.family !== "power-law" || definition.fit === undefined) {
    throw new MhoError(
      "bad-argument",
      `The model ${path} was not fitted by mho fit: there is nothing to draw. mho show ${path} tells of it.`,
      { file: path },
    );
  }
  const { fit } = definition;
  const before = builtInDefinition(fit.modelBefore);
  const about = [`fit ${definition.name} of ${fit.chip}, runs ${fit.runs.join(", ")}; mho ${version}`];
  return {
    html: renderFit(definition, fit, before && asPowerLaw(before), version),
    csv: tidyCsv(about, fitNumbers(fit)),
  };
}
