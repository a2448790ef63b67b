import type { DriftLaw } from "../emulator/driftLaw.ts";
import { findPreset, type PcmPhysics, type Preset } from "../emulator/presets.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { builtInDefinition, modelOf } from "../src/model/modelOf.ts";
import { countVerdicts, noVerdicts, type VerdictCounts, verdicts } from "../src/program/method.ts";
import { marginOf } from "../src/program/verifyPcm.ts";
import { stepMargin } from "../src/program/verifySteps.ts";
import type { RunStore } from "../src/run/store.ts";
import { programChip } from "./programmed.ts";

/**
 * Whether accepted devices are where their verdict says: the noise-free truth of each at its own reference age after its own last
 * pulse (at the last look, where the model has no reference age), against its target, in margins, by bins of conductance; devices that
 * were pulsed again after a late look apart.
 *
 * node dist/bench/verdicts.js [--seeds N] [--method verify] [--rows N] [--only pcm-256]
 */
const option = (name: string, usual: string): string => {
  const at = process.argv.indexOf(name);
  return at < 0 ? usual : process.argv[at + 1]!;
};
const seeds = Number(option("--seeds", "2"));
const method = option("--method", "verify");
const rowCount = Number(option("--rows", "64"));
const bins = 10;
/** What a mean may be off by, and what share may lie beyond so many margins. */
const mostMean = 0.3;
const beyondMargins = 2.5;
const mostBeyond = 0.02;
/** Fewer devices than these tell nothing of such a share. */
const fewest = 100;

const pcm90nm = modelOf(builtInDefinition("pcm-90nm")!);
const hermes = modelOf(builtInDefinition("pcm-hermes-2")!);
const ecram = modelOf(builtInDefinition("ecram-li")!);

type Margin = (model: DeviceModel, target: number) => number;

const chips: readonly [string, Preset, DeviceModel, Margin?][] = [
  ["pcm-64", findPreset("pcm-64")!, pcm90nm],
  ["pcm-64, half the drift that is believed", drifting(findPreset("pcm-64")!, 0.5), pcm90nm],
  ["pcm-64, twice the drift that is believed", drifting(findPreset("pcm-64")!, 2), pcm90nm],
  ["pcm-64?births=stranger", findPreset("pcm-64", { births: "stranger" })!, pcm90nm],
  ["pcm-256", findPreset("pcm-256")!, hermes],
  ["ecram-64", findPreset("ecram-64")!, ecram, stepMargin],
  ["ecram-64?births=leaky", findPreset("ecram-64", { births: "leaky" })!, ecram, stepMargin],
];
const only = option("--only", "");
for (const [title, preset, model, margin = marginOf] of chips) {
  if (title.includes(only)) await judge(title, preset, model, margin);
}

/** The same devices, whose exponents are so many times as large. */
function drifting(preset: Preset, factor: number): Preset {
  const physics = preset.physics as PcmPhysics;
  const { drift } = physics;
  const scaled: DriftLaw = {
    ...drift,
    exponentMean: (r) => factor * drift.exponentMean(r),
    exponentSpread: (r) => factor * drift.exponentSpread(r),
    noiseStrength: (r) => drift.noiseStrength(r),
  };
  return { ...preset, physics: { ...physics, drift: scaled } };
}

interface Errors {
  readonly all: number[];
  readonly again: number[];
}

async function judge(title: string, preset: Preset, model: DeviceModel, margin: Margin): Promise<void> {
  const perRow = preset.geometry.columns * preset.geometry.devicesPerCell;
  const top = model.maxConductanceMicrosiemens;
  const lowest = model.minConductanceMicrosiemens;
  const targetsMicrosiemens = Float32Array.from(
    { length: rowCount * perRow },
    (_, i) => lowest + ((top - lowest) * (1 + ((i * 7919) % 1000))) / 1000,
  );
  const tiles = [{ block: { tile: 0, rowStart: 0, rowCount }, targetsMicrosiemens }];
  const errors: Errors[] = Array.from({ length: bins }, () => ({ all: [], again: [] }));
  const counts = noVerdicts();
  let [accepted, devices, pulses, chipSeconds, outside] = [0, 0, 0, 0, 0];
  for (let seed = 1; seed <= seeds; seed++) {
    let again = new Uint8Array(0);
    const onRun = async (store: RunStore, run: string): Promise<void> => {
      again = await strayed(store, run, targetsMicrosiemens.length);
    };
    const chip = await programChip({ preset, seed, method, model, tiles, onRun });
    const [memory] = chip.memories;
    chipSeconds += chip.chipSeconds;
    countVerdicts(memory!.verdicts, counts);
    for (let i = 0; i < targetsMicrosiemens.length; i++) {
      devices++;
      pulses += memory!.pulses[i]!;
      if (memory!.verdicts[i] !== verdicts.accepted) continue;
      accepted++;
      const target = targetsMicrosiemens[i]!;
      const { referenceAgeSeconds: age } = model;
      const at = age === 0 ? chip.endedAt : memory!.pulsedAtMicroseconds[i]! + age * 1e6;
      const row = Math.floor(i / perRow);
      const truth = chip.firmware.chip.truthOfBlock({ tile: 0, rowStart: row, rowCount: 1 }, at)[i % perRow]!;
      const error = (truth - target) / margin(model, target);
      const bin = errors[Math.min(bins - 1, Math.floor((bins * (target - lowest)) / (top - lowest)))]!;
      bin.all.push(error);
      if (Math.abs(error) > 1) outside++;
      if (again[i] === 1) bin.again.push(error);
    }
  }
  const yielded = ((100 * accepted) / devices).toFixed(2);
  const each = (pulses / devices).toFixed(1);
  console.log(
    `${title}: yield ${yielded} %, ${percent(outside / accepted).trim()} of it beyond one margin, ${each} pulses a device, ` +
      `${(chipSeconds / seeds).toFixed(0)} s of chip time`,
  );
  console.log(`  ${named(counts)}`);
  console.log("  µS             mean  beyond 2.5 |  pulsed again  mean  beyond 2.5");
  let held = true;
  errors.forEach(({ all, again }, k) => {
    const [from, to] = [k, k + 1].map((n) => lowest + ((top - lowest) * n) / bins) as [number, number];
    const fine =
      Math.abs(meanOf(all)) <= mostMean &&
      beyond(all) <= mostBeyond &&
      (again.length < fewest || (Math.abs(meanOf(again)) <= mostMean && beyond(again) <= mostBeyond));
    held &&= fine;
    console.log(
      `  ${from.toFixed(1).padStart(5)} … ${to.toFixed(1).padEnd(5)} ${sign(meanOf(all))}  ${percent(beyond(all))}` +
        `    |  ${percent(again.length / all.length)}      ${sign(meanOf(again))}  ${percent(beyond(again))}${fine ? "" : "   ✗"}`,
    );
  });
  console.log(held ? "  every bin holds" : "  not every bin holds");
}

/** 1 for each device that was in place, and was pulsed again. */
async function strayed(store: RunStore, run: string, devices: number): Promise<Uint8Array<ArrayBuffer>> {
  const [last, again] = [new Uint8Array(devices), new Uint8Array(devices)];
  for await (const turn of store.turns(run)) {
    turn.devices.forEach((device, k) => {
      const verdict = turn.verdicts[k]!;
      if (last[device] === verdicts.inPlace && verdict === verdicts.pending) again[device] = 1;
      last[device] = verdict;
    });
  }
  return again;
}

function named(counts: VerdictCounts): string {
  const given = Object.entries(counts).filter(([, count]) => count > 0);
  return given.map(([name, count]) => `${count} ${name}`).join(", ");
}

function meanOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function beyond(values: readonly number[]): number {
  return values.filter((value) => Math.abs(value) > beyondMargins).length / values.length;
}

function sign(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`.padStart(7);
}
