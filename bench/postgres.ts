import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { differenceOf } from "../storage/handOn/difference.ts";
import { HandOnServer } from "../storage/handOn/handOnServer.ts";
import type { HandedOn, Piece } from "../storage/handOn/piece.ts";
import { openServer } from "../storage/postgres/connection.ts";
import { openPostgresStore } from "../storage/postgres/openStore.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { Random } from "../src/random.ts";
import type { SweepRecord } from "../src/run/journal.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { postgresPrograms, startPostgres } from "../test/support/postgresServer.ts";

/**
 * What it takes to hand a sweep on to a PostgreSQL server, beside a bare COPY of the same bytes into a table of one column:
 * node dist/bench/postgres.js [--tiles 64] [--times 3]
 *
 * A tile has 262,144 devices, 2 bytes each. The server is one of its own on this machine, which waits for no disk.
 */
const flag = (name: string, usual: number): number =>
  Number(process.argv[process.argv.indexOf(name) + 1]) || usual;
const [tiles, times] = [flag("--tiles", 64), flag("--times", 3)];
const [rows, perRow] = [256, 1024];
const devices = rows * perRow;
const chip = { chipName: "pcm-64core", chipSerialNumber: "S1" };

const plan: RunPlan = {
  ...chip,
  title: "a sweep of a whole chip",
  chipAddress: "emulator:pcm-64core",
  method: "verify",
  model: pcm90nmDefinition,
  sweepTimesSeconds: [1],
  sweepAverages: 1,
  pulsesPerDevice: 200,
  tiles: Array.from({ length: tiles }, (_, tile) => ({
    block: { tile, rowStart: 0, rowCount: rows },
    targetsMicrosiemens: new Float32Array(devices).fill(Number.NaN),
  })),
};

function sweepOf(tile: number, at: number): SweepRecord {
  const random = new Random(tile, at);
  const codes = Uint16Array.from({ length: devices }, (_, k) => random.at(k, 0).word0 & 1023);
  return {
    tile,
    timeSeconds: at,
    averages: 1,
    rowTimesMicroseconds: new Float64Array(rows).fill(1e6 * at),
    codes,
    conductanceMicrosiemens: new Float32Array(0),
    flags: new Uint8Array(0),
    converter: { microsiemensPerCode: 0.03, offsetCodes: 0, codes: 1024, readVolts: 0.2 },
    takenAt: "2026-01-01T00:00:00Z",
    boot: 1,
  };
}

/** PostgreSQL's own binary format, one column. */
function copyFile(sweeps: readonly SweepRecord[]): Buffer {
  const header = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
  const parts = sweeps.flatMap(({ codes }) => {
    const head = Buffer.alloc(6);
    head.writeInt16BE(1, 0);
    head.writeInt32BE(codes!.byteLength, 2);
    return [head, Buffer.from(codes!.buffer)];
  });
  return Buffer.concat([header, ...parts, Buffer.from([0xff, 0xff])]);
}

async function seconds(work: () => unknown): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

const median = (all: readonly number[]): number =>
  [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)]!;

if (postgresPrograms === undefined) throw new Error("PostgreSQL is not installed.");
const postgres = await startPostgres();
const folder = mkdtempSync(join(tmpdir(), "mho-bench-"));
try {
  const to = await postgres.database();
  const store = await openWorkspace(join(folder, "runs"), { waitsForDisk: false });
  const run = await store.beginRun(
    plan,
    {
      name: chip.chipName,
      serialNumber: chip.chipSerialNumber,
      firmware: "f",
      boot: 1,
      newestTicket: 0,
      geometry: { tiles, rows, columns: 256, devicesPerCell: 4 },
      capabilities: {
        virtualTime: true,
        multiply: false,
        onBoardVerify: false,
        environment: false,
        references: false,
      },
    },
    "2026-01-01T00:00:00Z",
  );
  const server = await openServer(to);
  await server.query("CREATE TABLE bare (codes bytea)");
  await server.query("ALTER TABLE bare ALTER codes SET STORAGE EXTERNAL");
  const bench = await HandOnServer.open(server, {
    workspace: "w",
    name: "bench",
    usualName: "",
    restored: false,
  });
  let has: HandedOn = await bench.handedOn();
  const handOn = async (): Promise<void> => {
    let [some, bytes] = [[] as Piece[], 0];
    for await (const piece of differenceOf(store, has)) {
      some.push(piece);
      bytes += piece.kind === "rows" ? piece.rows.length * devices : 0;
      if (bytes < 2 ** 23) continue;
      has = (await bench.take(some, has))!;
      [some, bytes] = [[], 0];
    }
    if (some.length > 0) has = (await bench.take(some, has))!;
  };
  await handOn();
  const [copied, handed, read]: number[][] = [[], [], []];
  const there = await openPostgresStore(to);
  for (let at = 0; at < times; at++) {
    const sweeps = Array.from({ length: tiles }, (_, tile) => sweepOf(tile, 1 + at));
    const file = join(folder, "sweep.copy");
    writeFileSync(file, copyFile(sweeps), { mode: 0o644 });
    await store.appendSweeps(run, sweeps);
    copied!.push(
      await seconds(() => {
        const { status, stderr } = spawnSync(join(postgresPrograms!, "psql"), [
          "-q",
          "-h",
          postgres.folder,
          "-U",
          server.address.user,
          "-d",
          server.address.database,
          "-c",
          `\\copy bare FROM '${file}' WITH (FORMAT binary)`,
        ]);
        if (status !== 0) throw new Error(stderr.toString());
      }),
    );
    handed!.push(await seconds(handOn));
    read!.push(
      await seconds(async () => {
        for await (const { codes } of there.sweeps(run, at * tiles))
          if (codes!.length !== devices) throw new Error("a sweep is short");
      }),
    );
  }
  const megabytes = (2 * devices * tiles) / 1e6;
  const [copy, hand, back] = [median(copied!), median(handed!), median(read!)];
  console.log(
    `a sweep of ${(devices * tiles).toLocaleString("en")} devices, ${megabytes.toFixed(0)} MB, median of ${times}:`,
  );
  console.log(`  COPY      ${copy.toFixed(2)} s`);
  console.log(`  hand-on   ${hand.toFixed(2)} s   ${(hand / copy).toFixed(2)} × COPY   (aim: 2)`);
  console.log(`  read back ${back.toFixed(2)} s   ${(back / copy).toFixed(2)} × COPY`);
  await there.close();
  await server.close();
  await store.close();
} finally {
  await postgres.close();
  rmSync(folder, { recursive: true, force: true });
}
