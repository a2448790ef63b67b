import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkLake } from "../lake/checkLake.ts";
import { query } from "../lake/query.ts";
import { writeRun } from "../lake/writeRun.ts";
import { convertCodes } from "../src/chip/conversion.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { verdicts } from "../src/program/method.ts";
import { normalOf, Random } from "../src/random.ts";
import { emptyMemory, type SweepRecord } from "../src/run/journal.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunStore } from "../src/run/store.ts";

/**
 * What a lake costs: its bytes beside two a read, the time to write it, and ν by tile asked of it with 2 GB:
 * node dist/bench/lake.js [--chips 1] [--tiles 16] [--reads 8] [--keep DIR]
 *
 * A tile has 262,144 devices. 4 × 64 tiles are 67 million devices, and take ten minutes to an hour to write. Devices are made up: one of each pair
 * has a normal share of the range, the other is at its bottom; they drift by a power law, and are read by converters of 1,024 codes.
 */
const flag = (name: string, usual: number): number =>
  Number(process.argv[process.argv.indexOf(name) + 1]) || usual;
const [chips, tiles, reads] = [flag("--chips", 1), flag("--tiles", 16), flag("--reads", 8)];
const [rows, perRow] = [256, 1024];
const devices = rows * perRow;
const converter = { microsiemensPerCode: 0.03, offsetCodes: 0, codes: 1024, readVolts: 0.2 };
/** Made up once; tiles take them in turn. */
const kinds = 4;

/** ν of each device by least squares, in one pass over the wide table: no device has to be gathered from rows. */
function nuOfDevices(): string {
  const each = (of: (k: number) => string, between: string): string =>
    Array.from({ length: reads }, (_, k) => of(k)).join(between);
  const logs = each(
    (k) =>
      `ln((read_at_microseconds_${k} - pulsed_at_microseconds) / 1e6) AS x${k}, ln((code_${k} - offset_codes_${k}) * microsiemens_per_code_${k}) AS y${k}`,
    ", ",
  );
  const [x, y] = [each((k) => `x${k}`, " + "), each((k) => `y${k}`, " + ")];
  const [xx, xy] = [each((k) => `x${k} * x${k}`, " + "), each((k) => `x${k} * y${k}`, " + ")];
  const last = reads - 1;
  return `SELECT chip, tile, avg(((${x}) * (${y}) - ${reads} * (${xy})) / (${reads} * (${xx}) - (${x}) * (${x}))) AS nu, count(*) AS devices
     FROM (SELECT chip, tile, ${logs} FROM sweeps_wide WHERE code_${last} * microsiemens_per_code_${last} > 1)
     GROUP BY chip, tile ORDER BY chip, tile`;
}

const questions = {
  "ν by tile, of every device from its reads": nuOfDevices(),
  "ν by tile, of the fits": `SELECT chip, tile, avg(drift_exponent) AS nu, count(*) AS devices
     FROM fits WHERE conductance_microsiemens > 1 GROUP BY chip, tile ORDER BY chip, tile`,
  "one line through all reads of a tile, in the long form": `SELECT chip, tile, regr_slope(ln(conductance_microsiemens), ln(age_seconds)), count(*) AS reads
     FROM sweeps WHERE conductance_microsiemens > 1 GROUP BY chip, tile ORDER BY chip, tile`,
  "one age": `SELECT chip, tile, avg(conductance_microsiemens) FROM sweeps WHERE sweep = 2 GROUP BY chip, tile`,
  "devices by verdict": "SELECT verdict, count(*), avg(pulses) FROM devices GROUP BY verdict",
};

if (process.send !== undefined) await ask(process.argv[2]!, process.argv[3]!);
else await measure();

/** In a process of its own, whose memory is DuckDB's. */
async function ask(lake: string, sql: string): Promise<void> {
  const [began, before] = [process.hrtime.bigint(), process.cpuUsage()];
  const { rows: found } = await query(sql, { lake });
  const { user, system } = process.cpuUsage(before);
  process.send!({
    seconds: Number(process.hrtime.bigint() - began) / 1e9,
    cpuSeconds: (user + system) / 1e6,
    megabytes: process.resourceUsage().maxRSS / 1024,
    rows: found.length,
    first: found[0],
  });
}

async function measure(): Promise<void> {
  const at = process.argv.indexOf("--keep");
  const lake = at < 0 ? mkdtempSync(join(tmpdir(), "mho-lake-")) : process.argv[at + 1]!;
  mkdirSync(lake, { recursive: true });
  try {
    const began = process.hrtime.bigint();
    const cpu = process.cpuUsage();
    const made = Array.from({ length: kinds }, (_, kind) => tileOf(kind));
    for (let chip = 0; chip < chips; chip++) await writeChip(lake, chip, made);
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    const { user, system } = process.cpuUsage(cpu);
    const count = chips * tiles * devices;
    const { runs } = await checkLake(lake);
    const sweeps = runs.reduce((sum, { folder }) => sum + bytesOf(join(lake, folder), "sweeps.parquet"), 0);
    const all = runs.reduce((sum, { bytes }) => sum + bytes, 0);
    const raw = 2 * count * reads;
    console.log(
      `${(count / 1e6).toFixed(1)} M devices × ${reads} reads written in ${seconds.toFixed(0)} s (${((user + system) / 1e6).toFixed(0)} s of a core, ` +
        `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB)`,
    );
    console.log(
      `sweeps ${(sweeps / 1e6).toFixed(1)} MB, ${((100 * sweeps) / raw).toFixed(1)} % of two bytes a read; all files ${(all / 1e6).toFixed(1)} MB`,
    );
    for (const [name, sql] of Object.entries(questions)) {
      const child = fork(fileURLToPath(import.meta.url), [lake, sql]);
      const [told] = (await once(child, "message")) as [Record<string, number>];
      const { seconds: took, cpuSeconds, megabytes, first } = told;
      console.log(
        `${name}: ${took!.toFixed(1)} s, ${cpuSeconds!.toFixed(1)} s of a core, ${megabytes!.toFixed(0)} MB; ${JSON.stringify(first)}`,
      );
    }
  } finally {
    if (at < 0) rmSync(lake, { recursive: true });
  }
}

function bytesOf(folder: string, file: string): number {
  const { files } = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as {
    files: { name: string; bytes: number }[];
  };
  return files.find(({ name }) => name === file)!.bytes;
}

interface MadeTile {
  readonly targets: Float32Array;
  readonly sweeps: readonly Omit<SweepRecord, "tile">[];
}

function ageOf(k: number): number {
  return Math.exp((Math.log(2_592_000) * (k + 1)) / reads);
}

function tileOf(kind: number): MadeTile {
  const chance = new Random(kind);
  let draws = 0;
  const normal = (): number => normalOf(chance.at(draws++, 0).word0);
  const targets = Float32Array.from({ length: devices }, (_, i) =>
    i % 2 === 0 ? Math.min(28, Math.abs(normal()) * 8) : 0.1,
  );
  const exponents = Float32Array.from(targets, (g) => 0.06 + 0.0015 * (25 - g) + 0.01 * normal());
  const sweeps = Array.from({ length: reads }, (_, k) => {
    const decay = Math.log((ageOf(k) + 1) / 21);
    const codes = Uint16Array.from(targets, (g, i) => {
      const read = g * Math.exp(-exponents[i]! * decay) * (1 + 0.01 * normal()) + 0.03 * normal();
      return Math.max(0, Math.min(1023, Math.round(read / converter.microsiemensPerCode)));
    });
    const [conductanceMicrosiemens, flags] = [new Float32Array(devices), new Uint8Array(devices)];
    convertCodes({ codes, conductanceMicrosiemens, flags }, converter);
    return {
      timeSeconds: ageOf(k),
      averages: 16,
      rowTimesMicroseconds: Float64Array.from(
        { length: rows },
        (_r, row) => 1e9 + 1e6 * ageOf(k) + 300 * row,
      ),
      codes,
      conductanceMicrosiemens,
      flags,
      converter,
      takenAt: "2026-01-01T00:00:00Z",
      boot: 1,
    };
  });
  return { targets, sweeps };
}

async function writeChip(lake: string, chip: number, made: readonly MadeTile[]): Promise<void> {
  const plan: RunPlan = {
    title: "made up",
    chipName: "pcm-64core",
    chipSerialNumber: `MADE-${chip}`,
    chipAddress: "emulator:pcm-64core",
    method: "verify",
    model: pcm90nmDefinition,
    sweepTimesSeconds: [1],
    sweepAverages: 16,
    pulsesPerDevice: 200,
    tiles: Array.from({ length: tiles }, (_, tile) => ({
      block: { tile, rowStart: 0, rowCount: rows },
      targetsMicrosiemens: made[tile % kinds]!.targets,
    })),
  };
  const memories = plan.tiles.map(({ block }) => {
    const memory = emptyMemory(block, perRow);
    memory.verdicts.fill(verdicts.accepted);
    memory.pulses.fill(7);
    for (let i = 0; i < devices; i++)
      memory.pulsedAtMicroseconds[i] = 1e9 - 1e3 * (i % 9) - 300 * Math.floor(i / perRow);
    return memory;
  });
  const sweeps: Pick<RunStore, "sweeps"> = {
    async *sweeps() {
      for (let k = 0; k < reads; k++)
        for (let tile = 0; tile < tiles; tile++) yield { tile, ...made[tile % kinds]!.sweeps[k]! };
    },
  };
  await writeRun(lake, {
    store: sweeps as RunStore,
    run: "r1",
    plan,
    memories,
    origin: String(chip).padStart(64, "0").split("").reverse().join(""),
    digest: "0".repeat(64),
    about: new Map<string, number | string>([
      ["name", "r1"],
      ["chip_name", plan.chipName],
      ["serial_number", plan.chipSerialNumber],
      ["started_at", "2026-01-01T00:00:00Z"],
    ]),
    software: "mho",
    writtenAt: "2026-01-01T00:00:00Z",
  });
}
