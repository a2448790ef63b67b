import type { Fleet } from "../../lab/fleet/overview.ts";
import { counted } from "../../src/counted.ts";
import { formatDuration } from "../../src/units.ts";
import { act } from "../action.ts";
import { atBench } from "../atBench.ts";
import { workspaceCommand } from "../flags.ts";
import type { Output } from "../output.ts";
import { jobFields } from "../tellQueue.ts";
import { withBench } from "../withBench.ts";

export const fleet = () =>
  workspaceCommand(
    "fleet",
    "lists the benches of a server, their chips, the queue, and what has to be looked after",
    "mho fleet --workspace postgres://anna@lab/mho",
  ).action((flags) =>
    act("fleet", flags, (output) =>
      withBench(flags, output, {}, async (bench) => {
        const found = await bench.fleet();
        tell(found, output);
        const { benches, chips, jobs, alarms } = found;
        output.result({
          benches: benches.map((one) => ({
            bench: one.name,
            state: one.state,
            host: one.host,
            version: one.version,
            silent_seconds: one.silentSeconds,
            doing: one.doing,
            disk_free_bytes: one.diskFreeBytes ?? null,
            chips: one.chips.map(({ nickname }) => nickname),
          })),
          chips: chips.map(({ chip, bench: holder, wafer, die, figures }) => ({
            name: chip.name,
            serial_number: chip.serialNumber,
            wafer: wafer ?? null,
            die: die ?? null,
            bench: holder ?? null,
            run: figures.run ?? null,
            bench_run: figures.madeAt ?? null,
            yield_percent: figures.yieldPercent,
            error_percent: figures.errorPercent,
            error_age_seconds: figures.errorAgeSeconds,
            drift_exponent: figures.exponent,
            pulses_per_device: figures.pulsesPerDevice,
          })),
          jobs: jobs.map(jobFields),
          alarms: alarms.map(({ about, message, bench: at, chip, job, run }) => ({
            about,
            message,
            bench: at ?? null,
            chip: chip ?? null,
            job: job ?? null,
            run: run ?? null,
          })),
          workspace: bench.workspace,
        });
      }),
    ),
  );

function tell({ benches, chips, jobs, alarms }: Fleet, output: Output): void {
  if (benches.length === 0) output.say("No bench has worked from this server: mho work --server does.");
  for (const { name, state, silentSeconds, doing, chips: own } of benches) {
    const heard =
      state === "online" ? "" : `, heard ${formatDuration(Math.max(1, Math.round(silentSeconds)))} ago`;
    output.say(`${name}  ${state}${heard}`, "bold");
    output.say(
      `  ${own.map(({ nickname }) => nickname).join(", ") || "no chips"}${doing === "" ? "" : `; ${doing}`}`,
    );
  }
  const left = new Map<string, number>();
  for (const { place } of jobs) left.set(place, (left.get(place) ?? 0) + 1);
  for (const { chip, bench, wafer, die, figures } of chips) {
    const name = `${chip.name}/${chip.serialNumber}`;
    const place = [wafer, die].filter((part) => part !== undefined).join(", ");
    const at = bench === undefined ? "at no bench" : `at ${bench}`;
    const parts = [`${name}${place === "" ? "" : ` (${place})`}`, at, counted(left.get(name) ?? 0, "job")];
    output.say([...parts, ...figuresOf(figures)].join("  "));
  }
  for (const [code, some] of failuresOf(jobs))
    output.say(`${counted(some.length, "job")} failed with ${code}: ${some.join(", ")}`);
  for (const { message } of alarms) output.say(`Look after: ${message}`);
}

/** What is known of a chip, in words. */
function figuresOf(figures: Fleet["chips"][number]["figures"]): readonly string[] {
  const { run, madeAt, yieldPercent, errorPercent, errorAgeSeconds, exponent } = figures;
  if (run === undefined) return [];
  return [
    `newest run ${run}${madeAt === undefined ? "" : ` (${atBench(madeAt)})`}`,
    ...(yieldPercent === null ? [] : [`yield ${yieldPercent.toFixed(2)} %`]),
    ...(errorPercent === null
      ? []
      : [`error ${errorPercent.toFixed(2)} % at ${formatDuration(errorAgeSeconds ?? 0)}`]),
    ...(exponent === null ? [] : [`ν ${exponent.toFixed(3)}`]),
  ];
}

/** Failed jobs by the code of their reason. */
function failuresOf(jobs: Fleet["jobs"]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { id, state, why } of jobs) {
    if (state !== "failed") continue;
    const code = why?.code ?? "no reason";
    found.set(code, [...(found.get(code) ?? []), id]);
  }
  return found;
}
