import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { whyNotWritten } from "../files/writeWhole.ts";
import { journalDigest } from "../lake/digest.ts";
import { writeRun, type WrittenRun } from "../lake/writeRun.ts";
import { MhoError } from "../src/errors.ts";
import { judgeRun } from "../src/results/runResult.ts";
import type { TileMemory } from "../src/run/journal.ts";
import { placeOnWafer } from "../src/run/labels.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { recall } from "../src/run/recall.ts";
import type { RunId } from "../src/run/store.ts";
import type { KeptRuns } from "../storage/keptRuns.ts";
import { archive, refuseRunning } from "./archive.ts";
import { networksToLake } from "./lakeNetworks.ts";
import { ownRunsNamed } from "./runName.ts";
import { version } from "./version.ts";
import { wallTime } from "./wallTime.ts";
import type { Workplace } from "./workplace.ts";

export interface LakeOptions {
  /** The folder. It is made where none is, in a folder that is there. */
  readonly lake: string;
  readonly operator?: string | undefined;
}

export interface InLake extends WrittenRun {
  readonly run: RunId;
}

/**
 * Archives runs, seals them, and writes them into a lake. A run is sealed before its journal is read, so what is in the lake is what the
 * workspace keeps for ever. One that cannot be written is unsealed again. What runs are one network follows when all of its runs are there.
 */
export async function archiveToLake(
  place: Workplace,
  given: readonly string[],
  { lake, operator = place.operator }: LakeOptions,
): Promise<readonly InLake[]> {
  const store = await place.existingStore();
  store.mustBeWritable();
  const runs = await ownRunsNamed(store, given);
  for (const run of runs) await refuseRunning(store, run, "archived");
  await makeLake(lake);
  const written: InLake[] = [];
  for (const run of runs) {
    const { sealed: wasSealed } = await store.labels(run);
    const by = operator === undefined ? {} : { by: operator };
    if (!wasSealed) await store.appendLabel(run, { at: wallTime(), ...by, sealed: true });
    try {
      await refuseRunning(store, run, "archived");
      written.push({ run, ...(await writeSealed(store, run, lake)) });
    } catch (error) {
      // Why it could not be written counts, not that a full disk keeps it sealed.
      if (!wasSealed)
        await store.appendLabel(run, { at: wallTime(), ...by, sealed: false }).catch(() => undefined);
      throw error;
    }
    await archive(place, [run], { operator });
    const { folder, bytes, state } = written.at(-1)!;
    place.emit({ type: "run_in_lake", run, folder, bytes, state });
  }
  await networksToLake(place, store, lake, runs);
  return written;
}

/** A name with a slip of the pen makes one folder at most. */
async function makeLake(lake: string): Promise<void> {
  try {
    await mkdir(lake).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? `there is no folder ${dirname(lake)}` : whyNotWritten(error, lake);
    throw new MhoError("output-failed", `Cannot make the lake ${lake}: ${why}. Name another --lake.`, {
      lake,
    });
  }
}

async function writeSealed(store: KeptRuns, run: RunId, lake: string): Promise<WrittenRun> {
  const plan = await store.plan(run);
  const memories = await recall(store, run);
  const origin = await store.originOf(run);
  const { digest, former: formerDigest } = await journalDigest(store, run);
  const software = `mho ${version}`;
  const about = await aboutOf(store, run, plan, memories);
  for (const [name, value] of Object.entries({ origin, digest, software })) about.set(name, value);
  const writtenAt = wallTime();
  return writeRun(lake, {
    store,
    run,
    plan,
    memories,
    origin,
    digest,
    formerDigest,
    about,
    software,
    writtenAt,
  });
}

/** What `runColumns` are made of. */
async function aboutOf(
  store: KeptRuns,
  run: RunId,
  plan: RunPlan,
  memories: readonly TileMemory[],
): Promise<Map<string, number | string>> {
  const { overview, outcome, startedAt, yieldPercent, errors } = await judgeRun(store, run, memories);
  const { firmware, geometry } = await store.identity(run);
  const { tags, operator = "" } = await store.labels(run);
  const chip = { name: plan.chipName, serialNumber: plan.chipSerialNumber };
  const { wafer = "", die = "" } = placeOnWafer(await store.chipNotes(chip));
  const description = await store.description(run);
  const last = errors.at(-1);
  return new Map<string, number | string>([
    ["name", run],
    ["title", plan.title],
    ["chip_name", plan.chipName],
    ["serial_number", plan.chipSerialNumber],
    ["wafer", wafer],
    ["die", die],
    ["firmware", firmware],
    ["tiles", geometry.tiles],
    ["rows", geometry.rows],
    ["columns", geometry.columns],
    ["devices_per_cell", geometry.devicesPerCell],
    ["description_sha256", description === undefined ? "" : sha256(description.text)],
    ["method", plan.method],
    ["model", plan.model.name],
    ["corrects", plan.corrects ?? ""],
    ["started_at", startedAt],
    ["outcome", outcome],
    ["operator", operator],
    ["tags", tags.join(",")],
    ["devices", overview.devices],
    ["turns", overview.turns],
    ["sweeps", (await store.rowCounts(run)).sweeps],
    ["pulses", overview.pulses],
    ["yield_percent", yieldPercent ?? Number.NaN],
    ["error_percent", last?.rmsPercent ?? Number.NaN],
    ["error_age_seconds", last?.timeSeconds ?? Number.NaN],
  ]);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
