import type { Bench } from "../lab/bench.ts";
import type { ListedNetwork, NetworkShare } from "../lab/group/networkDetails.ts";
import { partlyTexts, shareText } from "../lab/group/networkTexts.ts";
import { forecastFields, forecastSentence } from "../lab/forecastTexts.ts";
import { counted } from "../src/counted.ts";
import { isGroupName } from "../src/run/groups.ts";
import { formatDuration } from "../src/units.ts";
import type { CommandOutput, Output } from "./output.ts";
import { runFields, tellRun } from "./tellRun.ts";

/** Tells people what each chip of a network holds. @returns the same for a result; null for a run by itself. */
export async function giveShares(bench: Bench, id: string, output: Output) {
  if (!isGroupName(id)) return null;
  const { shares } = await bench.network(id);
  for (const share of shares) output.say(shareText(share));
  return shares.map(shareFields);
}

/** Tells of a network over several chips, and of its runs as one. */
export async function showNetwork(bench: Bench, id: string, output: CommandOutput<"show">): Promise<void> {
  const details = await bench.network(id);
  const { title, begunAt, corrects, shares, spares, result, forecasts, notes, partlyRead } = details;
  output.say(`Network ${id}: ${title}, over ${counted(shares.length, "chip")}; begun ${begunAt}`);
  if (corrects !== undefined) output.say(`corrects ${corrects}`);
  for (const share of shares) output.say(shareText(share));
  if (spares.length > 0) output.say(`spare: ${spares.join(", ")}`);
  if (shares.some(({ outcome }) => outcome !== "done"))
    output.say(`not complete; mho resume ${id} goes on with it`);
  if (result !== undefined) tellRun(result, output);
  for (const forecast of forecasts) output.say(forecastSentence(forecast));
  const swept = result?.overview.sweepTimesSeconds.map(formatDuration).join(", ") ?? "";
  output.say(
    swept === ""
      ? "not all of it was read at one age since it was programmed"
      : `read at ${swept} after programming`,
  );
  for (const text of partlyTexts(details)) output.say(text);
  for (const { notedAt, what, text } of notes) output.say(`${notedAt}  ${what}: ${text}`);
  output.result({
    what: "network",
    network: id,
    title,
    begun_at: begunAt,
    corrects: corrects ?? null,
    spares,
    shares: shares.map(shareFields),
    whole: result === undefined ? null : runFields(id, (await bench.store()).file, result),
    read_for_seconds: result?.overview.sweepTimesSeconds ?? [],
    partly_read: partlyRead.map(({ timeSeconds, missing }) => ({ time_seconds: timeSeconds, missing })),
    forecasts: forecasts.map(forecastFields),
    notes: notes.map(({ notedAt, what, text, by }) => ({ noted_at: notedAt, what, text, by: by ?? null })),
  });
}

/** A line each, below the runs. */
export function tellNetworks(networks: readonly ListedNetwork[], output: Output): void {
  for (const { id, title, outcome, runs, archived } of networks) {
    const held = runs.map((run) => run ?? "no run").join(", ");
    output.say(
      `${id}  ${outcome}${archived ? ", archived" : ""}  over ${counted(runs.length, "chip")} (${held})  ${title}`,
    );
  }
}

export function networkFields({ id, title, begunAt, corrects, outcome, runs, archived }: ListedNetwork) {
  return {
    network: id,
    title,
    begun_at: begunAt,
    corrects: corrects ?? null,
    outcome,
    runs: runs.map((run) => run ?? null),
    archived,
  };
}

function shareFields({
  share,
  firstTile,
  tiles,
  chip,
  run,
  chipName,
  serialNumber,
  outcome,
  before,
}: NetworkShare) {
  return {
    share,
    first_tile: firstTile,
    tiles,
    address: chip,
    run: run ?? null,
    chip: chipName ?? null,
    serial_number: serialNumber ?? null,
    outcome: outcome ?? null,
    left: before.map((one) => ({ address: one.chip, run: one.run ?? null, left_at: one.at, why: one.why })),
  };
}
