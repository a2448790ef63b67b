import { writeFile } from "node:fs/promises";
import { readModel } from "../files/model.ts";
import { readStrategy } from "../files/strategy.ts";
import { refuseNoFolder, writeWhole, writeWholeBy } from "../files/writeWhole.ts";
import { tidyCsv } from "../report/csv.ts";
import { fitNumbers } from "../report/fitNumbers.ts";
import { type FindingsStory, renderFindings } from "../report/findingsReport.ts";
import { renderFit } from "../report/fitReport.ts";
import { renderRun } from "../report/runReport.ts";
import { strategyNumbers } from "../report/strategyNumbers.ts";
import { renderStrategy } from "../report/strategyReport.ts";
import { devicesPerRow } from "../src/chip/geometry.ts";
import { procedureOfMethod } from "../src/measure/procedures.ts";
import { MhoError } from "../src/errors.ts";
import { fitRecordOf, type ModelDefinition } from "../src/model/definition.ts";
import { builtInDefinition } from "../src/model/modelOf.ts";
import { asPowerLaw } from "../src/model/powerLaw.ts";
import { shellWord } from "../src/shell.ts";
import { wholeReader } from "../src/results/wholeReader.ts";
import { type GroupId, isGroupName } from "../src/run/groups.ts";
import type { RunId } from "../src/run/store.ts";
import { kindOfFile } from "./kindOfFile.ts";
import { findingsOf } from "./measure.ts";
import { pageNamed } from "./pageName.ts";
import { descriptionOf } from "./runDescription.ts";
import { runNamed } from "./runName.ts";
import { storyOf } from "./runStory.ts";
import type { JudgedChoice } from "./judged.ts";
import { loadJudged, type TrainedNetwork } from "./trainedNetwork.ts";
import { version } from "./version.ts";
import { warnOfLeftOut } from "./warnings.ts";
import type { Workplace } from "./workplace.ts";

/** Of a run: also the network that it holds, by which it is judged. */
export interface ReportOptions extends JudgedChoice {
  /** The page; its numbers go beside it as NAME.figures.csv. */
  readonly out: string;
  /** Of a run: by which its devices are held to drift. Its own where nothing is said. */
  readonly model?: string | ModelDefinition | undefined;
  /** Of a run: the strategy that it was programmed from, to compare with. */
  readonly strategy?: string | undefined;
}

/** What goes with the report of a programmed run alone. */
const ofRuns = [
  "model",
  "strategy",
  "network",
  "onnx",
  "images",
  "labels",
  "inputs",
  "output",
] as const satisfies readonly (keyof ReportOptions)[];

/** A page, and the numbers of its figures. */
interface Drawn {
  readonly html: string;
  readonly csv: string;
}

/** Draws a run, a strategy or a fit on one HTML page, and writes the numbers of its figures beside it. */
export async function report(
  place: Workplace,
  what: string,
  options: ReportOptions,
): Promise<{ readonly report: string; readonly figures: string }> {
  const file = pageNamed(options.out);
  const figures = `${file.replace(/\.html?$/i, "")}.figures.csv`;
  const advice = "Name another file with --out.";
  await refuseNoFolder(file, advice);
  // As everywhere: a file of that name is ./r1.
  const isRun = /^r\d+$/i.test(what);
  const measured = isRun ? await measuredStory(place, runNamed(what), options) : undefined;
  const drawn = isGroupName(what)
    ? await drawNetwork(place, what, options)
    : measured !== undefined
      ? renderFindings(measured)
      : isRun
        ? await drawRun(place, runNamed(what), options)
        : await drawFile(what, options);
  // The table waits as a draft until the page is written: a full disk leaves neither.
  await writeWholeBy(figures, advice, async (draft) => {
    await writeFile(draft, drawn.csv);
    await writeWhole(file, drawn.html, advice);
  });
  return { report: file, figures };
}

/** What a page of a measurement is made of; undefined for a run of another kind. */
async function measuredStory(
  place: Workplace,
  run: RunId,
  options: ReportOptions,
): Promise<FindingsStory | undefined> {
  const store = await place.existingStore();
  const plan = await store.plan(run);
  const procedure = procedureOfMethod(place.registries.procedures, plan.method);
  if (procedure === undefined) return undefined;
  const flag = ofRuns.find((name) => options[name] !== undefined);
  if (flag !== undefined) {
    throw new MhoError(
      "bad-argument",
      `--${flag} goes with the report of a programmed run, and ${run} is a measurement (${procedure.name}).`,
      { run },
    );
  }
  const { startedAt, outcome } = await store.summary(run);
  const { geometry } = await store.identity(run);
  return {
    run,
    kind: procedure.name,
    does: procedure.does,
    chipText: `${plan.chipName} number ${plan.chipSerialNumber}`,
    startedAt,
    outcome,
    settings: procedure.settings.map(({ name, unit }) => ({
      name,
      unit,
      value: plan.settings?.[name] ?? Number.NaN,
    })),
    findings: await findingsOf(place, run),
    devicesPerRow: devicesPerRow(geometry),
    softwareVersion: version,
  };
}

async function drawRun(place: Workplace, run: RunId, options: ReportOptions): Promise<Drawn> {
  const model = typeof options.model === "string" ? await readModel(options.model) : options.model;
  const strategy = options.strategy === undefined ? undefined : await readStrategy(options.strategy);
  const network = await networkNamed(options);
  network?.leftOut.forEach(warnOfLeftOut(network.name, place.emit));
  const store = await place.existingStore();
  // The page needs none of it, but its reader may hold the run against the file.
  if ((await store.description(run)) !== undefined)
    await descriptionOf(store, run, place.emit, place.registries);
  return renderRun(await storyOf(store, run, { model, strategy, network }));
}

/** The network by which a run is judged; undefined where none is named. */
async function networkNamed(options: ReportOptions): Promise<TrainedNetwork | undefined> {
  const { network, onnx, images, labels, inputs, output } = options;
  const choice = { network, onnx, images, labels, inputs, output };
  return Object.values(choice).every((one) => one === undefined) ? undefined : loadJudged(choice);
}

/** The same of a network over several chips, as if it were one run on a large one. */
async function drawNetwork(place: Workplace, id: GroupId, options: ReportOptions): Promise<Drawn> {
  const { networkDetails } = await import("./group/networkDetails.ts");
  const { chipsOf, chipTexts } = await import("./group/networkTexts.ts");
  const store = await place.existingStore();
  const details = await networkDetails(store, id);
  const network = await networkNamed(options);
  network?.leftOut.forEach(warnOfLeftOut(network.name, place.emit));
  const missing = details.shares.find(({ run }) => run === undefined);
  if (network !== undefined && missing !== undefined) {
    throw new MhoError(
      "bad-argument",
      `Network ${id} is not complete: no run holds share ${missing.share}, so its accuracy is not known. mho resume ${id} goes on with it.`,
      { network: id },
    );
  }
  const model = typeof options.model === "string" ? await readModel(options.model) : options.model;
  const strategy = options.strategy === undefined ? undefined : await readStrategy(options.strategy);
  const beside = { model, strategy, network, chips: chipsOf(details), chipTexts: chipTexts(details) };
  return renderRun(await storyOf(wholeReader(store), id, beside));
}

async function drawFile(path: string, options: ReportOptions): Promise<Drawn> {
  const flag = ofRuns.find((name) => options[name] !== undefined);
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
  const fit = fitRecordOf(definition);
  if (fit === undefined) {
    throw new MhoError(
      "bad-argument",
      `The model ${path} was not fitted by mho fit: there is nothing to draw. mho show ${shellWord(path)} tells of it.`,
      { file: path },
    );
  }
  const before = builtInDefinition(fit.modelBefore);
  const about = [`fit ${definition.name} of ${fit.chip}, runs ${fit.runs.join(", ")}; mho ${version}`];
  return {
    html: renderFit(definition, fit, before && asPowerLaw(before), version),
    csv: tidyCsv(about, fitNumbers(fit)),
  };
}
