import { MhoError } from "../src/errors.ts";
import type { RunId } from "../src/run/store.ts";
import type { Workspace } from "./workspace.ts";

/** How a run stands in a workspace. */
export interface RunCheck {
  readonly run: RunId;
  /**
   * `unchecked` where nothing is wrong that can be seen, but an older layout wrote rows, which have no checksum; `deleted` where the
   * wear of a run that was deleted is sound.
   */
  readonly state: "sound" | "unchecked" | "deleted" | "damaged";
  readonly turns: number;
  readonly sweeps: number;
  /** Rows without a checksum. */
  readonly uncheckedRows: number;
  /** What is wrong, a sentence each. */
  readonly damage: readonly string[];
}

export interface WorkspaceCheck {
  readonly file: string;
  readonly sound: boolean;
  /** The id by which a server knows it: `unchecked` where an older layout drew it. */
  readonly identity: "sound" | "unchecked" | "damaged";
  readonly runs: readonly RunCheck[];
  /** What is wrong beside the runs, a sentence each. */
  readonly damage: readonly string[];
}

/** Reads a whole workspace, and goes on behind damage to find what else is damaged. It mends nothing. */
export async function checkWorkspace(store: Workspace): Promise<WorkspaceCheck> {
  const damage: string[] = [];
  await said(damage, async () => {
    for (const fault of await store.faultsOfFile()) damage.push(`SQLite says: ${fault}`);
  });
  await said(damage, async () => {
    const chips = new Map(
      (await store.runs()).map((run) => [`${run.chipName}\n${run.chipSerialNumber}`, run]),
    );
    for (const { chipName: name, chipSerialNumber: serialNumber } of chips.values()) {
      await store.newestTicket({ name, serialNumber });
      await store.newestMark({ name, serialNumber });
      await store.chipNotes({ name, serialNumber });
    }
  });
  let identity: WorkspaceCheck["identity"] = "damaged";
  await said(damage, async () => {
    identity = (await store.workspaceId()).isChecked ? "sound" : "unchecked";
  });
  await said(damage, async () => void (await store.questions()));
  await said(damage, async () => void (await store.groups()));
  await said(damage, async () => void (await store.jobs()));
  const names: RunId[] = [];
  await said(damage, async () => void names.push(...(await store.runNames())));
  const runs: RunCheck[] = [];
  for (const run of names) runs.push(await checkRun(store, run));
  const sound = damage.length === 0 && runs.every(({ state }) => state !== "damaged");
  return { file: store.file, sound, identity, runs, damage: [...new Set(damage)] };
}

/** Reads all of one run. */
export async function checkRun(store: Workspace, run: RunId): Promise<RunCheck> {
  const damage: string[] = [];
  let [turns, sweeps, uncheckedRows] = [0, 0, 0];
  let deleted = false;
  await said(damage, async () => void (deleted = await store.wasDeleted(run)));
  const left = [() => store.labels(run), () => store.keptWear(run)];
  const whole = [
    () => store.summary(run),
    () => store.plan(run),
    () => store.identity(run),
    () => store.description(run),
    () => store.notes(run),
    () => store.forecasts(run),
    () => store.labels(run),
    () => store.watch(run),
    () => store.request(run),
    async () => void (uncheckedRows = await store.uncheckedRows(run)),
    async () => {
      for await (const _ of store.turns(run)) turns++;
    },
    async () => {
      for await (const _ of store.sweeps(run)) sweeps++;
    },
  ];
  for (const look of deleted ? left : whole) await said(damage, look);
  const sound = deleted ? "deleted" : uncheckedRows > 0 ? "unchecked" : "sound";
  const state = damage.length > 0 ? "damaged" : sound;
  return { run, state, turns, sweeps, uncheckedRows, damage: [...new Set(damage)] };
}

/** Does something, and writes down what is found damaged on the way. */
async function said(damage: string[], work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof MhoError) || error.code !== "workspace-failed") throw error;
    damage.push(String(error.facts["what"] ?? error.message));
  }
}
