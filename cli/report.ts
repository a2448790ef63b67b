import { resolve } from "node:path";
import { readModel } from "../files/model.ts";
import { readStrategy } from "../files/strategy.ts";
import { renderFit } from "../report/fitReport.ts";
import { renderRun } from "../report/runReport.ts";
import { renderStrategy } from "../report/strategyReport.ts";
import { MhoError } from "../src/errors.ts";
import { builtInDefinition } from "../src/model/modelOf.ts";
import { asPowerLaw } from "../src/model/powerLaw.ts";
import { inWorkspace } from "./existingWorkspace.ts";
import type { Output } from "./output.ts";
import { storyOf } from "./runStory.ts";
import { kindOfFile } from "./showFile.ts";
import { version } from "./version.ts";
import { writeWhole } from "./writeWhole.ts";

/** Draws a run, a strategy or a fit on one HTML page. */
export async function report(
  what: string,
  options: { out: string; workspace?: string },
  output: Output,
): Promise<void> {
  const file = resolve(options.out);
  const drawn = /^r\d+$/.test(what)
    ? renderRun(await inWorkspace(options, (store) => storyOf(store, what)))
    : await drawFile(what);
  await writeWhole(file, drawn, "Name another file with --out.");
  output.say(`Report: ${file}`);
  output.event({ type: "result", report: file });
}

async function drawFile(path: string): Promise<string> {
  const kind = builtInDefinition(path) === undefined ? await kindOfFile(path) : "mho-model";
  return kind === "mho-model" ? drawFit(path) : renderStrategy(await readStrategy(path), version);
}

async function drawFit(path: string): Promise<string> {
  const definition = await readModel(path);
  if (definition.family !== "power-law" || definition.fit === undefined) {
    throw new MhoError(
      "bad-argument",
      `The model ${path} was not fitted by mho fit: there is nothing to draw. mho show ${path} tells of it.`,
      { file: path },
    );
  }
  const before = builtInDefinition(definition.fit.modelBefore);
  return renderFit(definition, definition.fit, before && asPowerLaw(before), version);
}
