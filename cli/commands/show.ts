import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../../lab/bench.ts";
import {
  accuracySentence,
  forecastFields,
  forecastSentence,
  laterSentence,
} from "../../lab/forecastTexts.ts";
import { auditFields, auditSentence } from "../../lab/modelAudit.ts";
import { chainFields, chainSentence } from "../../lab/runChain.ts";
import { counted } from "../../src/counted.ts";
import { MhoError } from "../../src/errors.ts";
import { builtInDefinitions } from "../../src/model/builtIn.ts";
import { builtInDefinition } from "../../src/model/modelOf.ts";
import type { RunResult } from "../../src/results/runResult.ts";
import { unsettledOf } from "../../src/results/yield.ts";
import { isGroupName } from "../../src/run/groups.ts";
import { placeOnWafer, type RunLabels } from "../../src/run/labels.ts";
import type { ImportedFrom } from "../../src/run/plan.ts";
import { isMeasurement } from "../../src/measure/procedure.ts";
import { formatDuration } from "../../src/units.ts";
import { restOf } from "../../src/run/rest.ts";
import type { RunNote } from "../../src/run/journal.ts";
import { act } from "../action.ts";
import { atBench } from "../atBench.ts";
import { workspaceCommand } from "../flags.ts";
import type { CommandOutput } from "../output.ts";
import { showRuns } from "../showRuns.ts";
import { runFields, tellRun } from "../tellRun.ts";
import { withBench } from "../withBench.ts";

export const show = () =>
  workspaceCommand(
    "show",
    "lists the runs of a workspace, or tells of one run, strategy or model",
    "mho show",
    "mho show r2",
    "mho show --where 'tag=ald yield<99 age<7d'",
  )
    .argument(
      "[what]",
      "a run such as r2, a network over several chips, such as n1, a strategy or model file, a built-in model, or the workspace's folder",
    )
    .option("--where <terms>", "list the runs for which all terms hold, such as 'tag=ald yield<99 age<7d'")
    .option("--archived", "list archived runs too")
    .action((what, flags) =>
      act("show", flags, async (output) => {
        const { where, archived } = flags;
        if (what === undefined || isWorkspace(what)) {
          const at = what === undefined ? flags : { ...flags, workspace: what };
          return withBench(at, output, {}, (bench) => showRuns(bench, { where, archived }, output));
        }
        if (where !== undefined || archived === true)
          throw new MhoError(
            "bad-argument",
            `--where and --archived are for the list of runs. Leave ${what} away.`,
          );
        if (/[./\\]/.test(what) || builtInDefinition(what) !== undefined) {
          const { showFile } = await import("../showFile.ts");
          return showFile(what, output);
        }
        if (isGroupName(what)) {
          const { showNetwork } = await import("../tellNetwork.ts");
          return withBench(flags, output, {}, (bench) => showNetwork(bench, what, output));
        }
        if (!/^r\d+$/i.test(what)) {
          throw new MhoError(
            "bad-argument",
            `There is no run, model or file ${what}. Runs are called r1, r2 and so on; models that come with mho are ` +
              `${builtInDefinitions.map(({ name }) => name).join(", ")}; a file has a dot in its name, such as mine.json.`,
          );
        }
        await withBench(flags, output, {}, (bench) => showRun(bench, what, output));
      }),
    );

async function showRun(bench: Bench, id: string, output: CommandOutput<"show">): Promise<void> {
  const details = await bench.run(id);
  const { plan, network, notes, result, chain, forecasts, audit, labels, chipNotes, madeAt } = details;
  const { wafer, die } = placeOnWafer(chipNotes);
  const named = madeAt === undefined ? `Run ${id}` : `Run ${id}, ${atBench(madeAt)}`;
  output.say(`${named}: ${plan.title}, ${plan.method}, on ${plan.chipName} number ${plan.chipSerialNumber}`);
  for (const line of labelLines(labels, { wafer, die })) output.say(line);
  output.say(`at ${plan.chipAddress}`);
  // What went wrong comes before how well it had gone until then.
  const failed = failureOf(notes);
  if (failed !== undefined) {
    const what = result.outcome === "done" ? "The last watch" : "The run";
    output.say(`${what} failed at ${failed.notedAt}: ${failed.text}`);
  }
  output.say(howItEnded(network ?? id, result));
  if (network !== undefined && plan.share !== undefined)
    output.say(
      `share ${plan.share.share + 1} of network ${network}, from its tile ${plan.share.firstTile} on`,
    );
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
  if (chain !== undefined) output.say(chainSentence(chain));
  for (const result of forecasts) {
    output.say(forecastSentence(result));
    const extrapolated = laterSentence(result);
    if (extrapolated !== undefined) output.say(extrapolated);
    const accuracy = accuracySentence(result.forecast);
    if (accuracy !== undefined) output.say(accuracy);
  }
  if (audit !== undefined) output.say(auditSentence(audit));
  // A measurement has no ages: its sweeps are counted, and its findings say what was read.
  if (!isMeasurement(plan.method)) {
    const swept = result.overview.sweepTimesSeconds.map(formatDuration).join(", ");
    output.say(swept === "" ? "not read since it was programmed" : `read at ${swept} after programming`);
  }
  const written = chipNotes.flatMap(({ notedAt, by, text }) =>
    text === undefined ? [] : { noted_at: notedAt, by: by ?? null, text },
  );
  for (const { noted_at: at, by, text } of written)
    output.say(`${at}  ${authored("of the chip", by)}: ${text}`);
  for (const note of notes) if (note !== failed) output.say(noteLine(note));
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
    chain: chain === undefined ? null : chainFields(chain),
    tags: labels.tags,
    operator: labels.operator ?? null,
    job: labels.job ?? null,
    archived: labels.archived,
    wafer: wafer ?? null,
    die: die ?? null,
    bench: madeAt?.bench ?? null,
    bench_run: madeAt?.run ?? null,
    chip_notes: written,
    devices_by_pulses: result.overview.devicesByPulses,
    read_for_seconds: result.overview.sweepTimesSeconds,
    forecasts: forecasts.map(forecastFields),
    audit: audit === undefined ? null : auditFields(audit),
    notes: notes.map(({ notedAt, what, text, by }) => ({ noted_at: notedAt, what, text, by: by ?? null })),
  });
}

/** What people wrote on it, in lines. */
function labelLines(
  { tags, operator, job, archived, unpacked }: RunLabels,
  { wafer, die }: { readonly wafer: string | undefined; readonly die: string | undefined },
): string[] {
  const parts = [
    ...(tags.length > 0 ? [`tags ${tags.join(", ")}`] : []),
    ...(operator === undefined ? [] : [`by ${operator}`]),
    ...(job === undefined ? [] : [`begun by job ${job} of the queue`]),
    ...(wafer === undefined ? [] : [`wafer ${wafer}`]),
    ...(die === undefined ? [] : [`die ${die}`]),
    ...(archived ? ["archived"] : []),
    ...(unpacked === undefined ? [] : [`unpacked from ${unpacked.file}, where it was ${unpacked.run}`]),
  ];
  return parts.length === 0 ? [] : [parts.join("; ")];
}

function authored(what: string, by: string | null | undefined): string {
  return by === null || by === undefined ? what : `${what} (${by})`;
}

function isWorkspace(path: string): boolean {
  return existsSync(join(path, "workspace.db"));
}

/** Without the names of its devices, which may be millions. */
function importedFrom({ mapping, files }: ImportedFrom) {
  return { mapping, files: files.map(({ name, sha256 }) => ({ name, sha256 })) };
}

const noteLine = ({ notedAt, what, text, by }: RunNote): string =>
  `${notedAt}  ${authored(what, by)}: ${text}`;

/** Why work on a run ended, where that was the last that was heard of it. */
function failureOf(notes: readonly RunNote[]): RunNote | undefined {
  const rest = restOf(notes);
  return rest?.what === "failed" ? rest : undefined;
}

function howItEnded(id: string, { outcome, startedAt, overview }: RunResult): string {
  const begun = `begun ${startedAt}`;
  if (outcome === "done") return `done, ${begun}`;
  const left = `${counted(unsettledOf(overview.verdicts), "device")} without a verdict`;
  return outcome === "running"
    ? `running, unless its process has died; ${begun}, ${left}`
    : `${outcome}; ${begun}, ${left}; mho resume ${id} goes on with it`;
}
