import { counted } from "../src/counted.ts";
import { formatDuration } from "../src/units.ts";
import { builtInDefinition } from "../src/model/modelOf.ts";
import { showFile } from "./showFile.ts";
import { inWorkspace } from "../lab/existingWorkspace.ts";
import type { CommonOptions } from "./options.ts";
import { runNamed } from "../lab/runName.ts";
import { judgeRun, type RunResult, tellRun } from "./runResult.ts";
import type { Output } from "./output.ts";

/** Lists the runs of a workspace, or tells of one of them, or of a strategy or model file. */
export async function show(id: string | undefined, options: CommonOptions, output: Output): Promise<void> {
  if (id !== undefined && (/[./\\]/.test(id) || builtInDefinition(id) !== undefined)) {
    return showFile(id, output);
  }
  if (id !== undefined) runNamed(id);
  return inWorkspace(options, async (store) => {
    if (id === undefined) {
      const runs = await store.runs();
      for (const run of runs) {
        output.say(
          `${run.id.padEnd(6)}${run.outcome.padEnd(13)}${run.startedAt}  ${run.chipName} ${run.chipSerialNumber}  ${run.title}`,
        );
      }
      output.event({ type: "result", runs });
      return;
    }
    const plan = await store.plan(id);
    const result = await judgeRun(store, id);
    output.say(
      `Run ${id}: ${plan.title}, ${plan.method}, on ${plan.chipName} number ${plan.chipSerialNumber}`,
    );
    output.say(`at ${plan.chipAddress}`);
    output.say(howItEnded(id, result));
    tellRun(result, output);
    const swept = result.overview.sweepTimesSeconds.map(formatDuration).join(", ");
    output.say(swept === "" ? "not read since it was programmed" : `read for the ages of ${swept}`);
    const notes = await store.notes(id);
    for (const { notedAt, what, text } of notes) output.say(`${notedAt}  ${what}: ${text}`);
    output.event({
      type: "result",
      run: id,
      plan: { ...plan, model: plan.model.name, tiles: plan.tiles.length },
      summary: result.overview,
      ...result.forMachines,
      notes,
    });
  });
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
