import type { Bench } from "../../lab/bench.ts";
import {
  accuracySentence,
  extrapolationSentence,
  forecastFields,
  forecastSentence,
} from "../../lab/forecastTexts.ts";
import { auditFields, auditSentence } from "../../lab/modelAudit.ts";
import { counted } from "../../src/counted.ts";
import { MhoError } from "../../src/errors.ts";
import { builtInDefinitions } from "../../src/model/builtIn.ts";
import { builtInDefinition } from "../../src/model/modelOf.ts";
import type { RunResult } from "../../src/results/runResult.ts";
import type { ImportedFrom } from "../../src/run/plan.ts";
import { formatDuration } from "../../src/units.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import type { CommandOutput } from "../output.ts";
import { runFields, tellRun } from "../tellRun.ts";
import { withBench } from "../withBench.ts";

export const show = () =>
  workspaceCommand(
    "show",
    "lists the runs of a workspace, or tells of one run, strategy or model",
    "mho show",
    "mho show r2",
  )
    .argument("[what]", "a run such as r2, a strategy or model file, or a built-in model")
    .action((what, flags) =>
      act("show", flags, async (output) => {
        if (what !== undefined && (/[./\\]/.test(what) || builtInDefinition(what) !== undefined)) {
          const { showFile } = await import("../showFile.ts");
          return showFile(what, output);
        }
        if (what !== undefined && !/^r\d+$/i.test(what)) {
          throw new MhoError(
            "bad-argument",
            `There is no run, model or file ${what}. Runs are called r1, r2 and so on; models that come with mho are ` +
              `${builtInDefinitions.map(({ name }) => name).join(", ")}; a file has a dot in its name, such as mine.json.`,
          );
        }
        await withBench(flags, output, {}, (bench) =>
          what === undefined ? showRuns(bench, output) : showRun(bench, what, output),
        );
      }),
    );

async function showRuns(bench: Bench, output: CommandOutput<"show">): Promise<void> {
  const runs = await bench.runs();
  for (const { id, outcome, startedAt, chipName, chipSerialNumber, title } of runs) {
    output.say(`${id.padEnd(6)}${outcome.padEnd(13)}${startedAt}  ${chipName} ${chipSerialNumber}  ${title}`);
  }
  output.result({
    what: "runs",
    runs: runs.map(({ id, title, chipName, chipSerialNumber, startedAt, outcome }) => ({
      run: id,
      title,
      chip: chipName,
      serial_number: chipSerialNumber,
      started_at: startedAt,
      outcome,
    })),
  });
}

async function showRun(bench: Bench, id: string, output: CommandOutput<"show">): Promise<void> {
  const { plan, notes, result, forecasts, audit } = await bench.run(id);
  output.say(`Run ${id}: ${plan.title}, ${plan.method}, on ${plan.chipName} number ${plan.chipSerialNumber}`);
  output.say(`at ${plan.chipAddress}`);
  output.say(howItEnded(id, result));
  if (plan.imported !== undefined) {
    const files = plan.imported.files.map(({ name }) => name).join(", ");
    output.say(
      `imported by the mapping ${plan.imported.mapping} from ${files}; one pulse a device stands for its write`,
    );
  }
  if (plan.settings === undefined) tellRun(result, output);
  else {
    const { tellFindings } = await import("../tellFindings.ts");
    tellFindings(await bench.findings(id), output);
  }
  for (const result of forecasts) {
    output.say(forecastSentence(result));
    const extrapolated = result.points.length > 0 ? extrapolationSentence(result.forecast) : undefined;
    if (extrapolated !== undefined) output.say(extrapolated);
    const accuracy = accuracySentence(result.forecast);
    if (accuracy !== undefined) output.say(accuracy);
  }
  if (audit !== undefined) output.say(auditSentence(audit));
  const swept = result.overview.sweepTimesSeconds.map(formatDuration).join(", ");
  output.say(swept === "" ? "not read since it was programmed" : `read at ${swept} after programming`);
  for (const { notedAt, what, text } of notes) output.say(`${notedAt}  ${what}: ${text}`);
  output.result({
    what: "run",
    plan: {
      title: plan.title,
      chip: plan.chipName,
      serial_number: plan.chipSerialNumber,
      address: plan.chipAddress,
      method: plan.method,
      model: plan.model.name,
      sweep_times_seconds: plan.sweepTimesSeconds,
      sweep_averages: plan.sweepAverages,
      pulses_per_device: plan.pulsesPerDevice,
      corrects: plan.corrects ?? null,
      tiles: plan.tiles.length,
      imported: plan.imported === undefined ? null : importedFrom(plan.imported),
    },
    ...runFields(id, (await bench.store()).file, result),
    devices_by_pulses: result.overview.devicesByPulses,
    read_for_seconds: result.overview.sweepTimesSeconds,
    forecasts: forecasts.map(forecastFields),
    audit: audit === undefined ? null : auditFields(audit),
    notes: notes.map(({ notedAt, what, text }) => ({ noted_at: notedAt, what, text })),
  });
}

/** Without the names of its devices, which may be millions. */
function importedFrom({ mapping, files }: ImportedFrom) {
  return { mapping, files: files.map(({ name, sha256 }) => ({ name, sha256 })) };
}

function howItEnded(id: string, { outcome, startedAt, overview }: RunResult): string {
  const { pending } = overview.verdicts;
  const begun = `begun ${startedAt}`;
  if (outcome === "done") return `done, ${begun}`;
  const left = `${counted(pending, "device")} without a verdict`;
  return outcome === "running"
    ? `running, unless its process has died; ${begun}, ${left}`
    : `${outcome}; ${begun}, ${left}; mho resume ${id} goes on with it`;
}
