import type { Bench } from "../lab/bench.ts";
import type { ListedNetwork } from "../lab/group/networkDetails.ts";
import type { ListOptions } from "../lab/listRuns.ts";
import { counted } from "../src/counted.ts";
import { isMeasurement } from "../src/measure/procedure.ts";
import type { ListedRun } from "../src/results/runFilter.ts";
import { formatDuration } from "../src/units.ts";
import { atBench } from "./atBench.ts";
import type { CommandOutput } from "./output.ts";
import { networkFields, tellNetworks } from "./tellNetwork.ts";

/** Lists the runs of a workspace: for people a line each, in columns. */
export async function showRuns(
  bench: Bench,
  options: ListOptions,
  output: CommandOutput<"show">,
): Promise<void> {
  const { runs, archivedLeftOut } = await bench.list(options);
  for (const line of columns(runs.map(cellsOf))) output.say(line);
  if (runs.length === 0) {
    output.say(
      options.where === undefined ? "There is no run here yet." : `No run passes --where '${options.where}'.`,
    );
  }
  if (runs.some(({ damaged }) => damaged))
    output.say("Of damaged runs, figures may be missing: mho check names the damage.");
  const listed = (network: ListedNetwork): boolean => options.archived === true || !network.archived;
  const networks = options.where === undefined ? (await bench.networks()).filter(listed) : [];
  tellNetworks(networks, output);
  if (archivedLeftOut > 0)
    output.say(`${counted(archivedLeftOut, "archived run")} not listed; --archived lists them too.`, "dim");
  output.result({
    what: "runs",
    runs: runs.map(fieldsOf),
    archived_left_out: archivedLeftOut,
    networks: networks.map(networkFields),
  });
}

function cellsOf(run: ListedRun): string[] {
  const { id, outcome, ageSeconds, chipName, chipSerialNumber, method, labels, title } = run;
  const { yieldPercent, errorPercent, errorAgeSeconds } = run.figures;
  // A measurement has neither targets nor weights.
  const measures = isMeasurement(method);
  const error =
    errorPercent === null
      ? measures
        ? ""
        : "no weights read"
      : `error ${errorPercent.toFixed(2)} % at ${formatDuration(errorAgeSeconds ?? 0)}`;
  return [
    id,
    run.madeAt === undefined ? "" : atBench(run.madeAt),
    `${outcome}${labels.archived ? ", archived" : ""}${run.damaged ? ", damaged" : ""}`,
    // A calendar that was set back makes a run look as if it had not begun.
    ageSeconds > 0 ? `${formatDuration(Math.ceil(ageSeconds))} ago` : "now",
    `${chipName} ${chipSerialNumber}`,
    method,
    yieldPercent === null
      ? measures
        ? ""
        : `no yield${outcome === "running" ? " yet" : ""}`
      : `yield ${yieldPercent.toFixed(2)} %`,
    error,
    labels.tags.map((tag) => `#${tag}`).join(" "),
    title,
  ];
}

function fieldsOf(run: ListedRun) {
  const { figures, labels } = run;
  return {
    run: run.id,
    title: run.title,
    chip: run.chipName,
    serial_number: run.chipSerialNumber,
    wafer: run.wafer ?? null,
    die: run.die ?? null,
    bench: run.madeAt?.bench ?? null,
    bench_run: run.madeAt?.run ?? null,
    started_at: run.startedAt,
    age_seconds: Math.max(0, run.ageSeconds),
    outcome: run.outcome,
    method: run.method,
    corrects: run.corrects ?? null,
    devices: figures.devices,
    pulses: figures.pulses,
    yield_percent: figures.yieldPercent,
    error_percent: figures.errorPercent,
    error_age_seconds: figures.errorAgeSeconds,
    tags: labels.tags,
    operator: labels.operator ?? null,
    archived: labels.archived,
    damaged: run.damaged,
  };
}

/** Lines of cells, each as wide as its widest; columns without any text take no room. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, k) => Math.max(...rows.map((row) => row[k]!.length)));
  return rows.map((row) =>
    row
      .flatMap((cell, k) => (widths[k] === 0 ? [] : cell.padEnd(widths[k]!)))
      .join("  ")
      .trimEnd(),
  );
}
