import { randomUUID } from "node:crypto";
import { pcm90nmDefinition } from "../../src/model/builtIn.ts";
import type { ChipIdentity } from "../../src/chip/driver.ts";
import type { ListedFigures } from "../../src/run/store.ts";
import { HandOnServer } from "../../storage/handOn/handOnServer.ts";
import { beginSession, heartbeat } from "../../storage/postgres/benchStates.ts";
import { openServer, type Server } from "../../storage/postgres/connection.ts";
import { openPostgresStore } from "../../storage/postgres/openStore.ts";
import { addServerJob } from "../../storage/postgres/serverJobs.ts";

/** Benches and chips at a server, made up: what they say of themselves stands there, and no worker is at work. */
export interface WorldBench {
  readonly name: string;
  readonly chips: readonly WorldChip[];
  /** It is online for a day where none is given, however long a test takes. */
  readonly silentHours?: number;
  readonly stopped?: boolean;
  readonly doing?: string;
  readonly freeBytes?: number;
}

export interface WorldChip {
  readonly serialNumber: string;
  readonly wafer?: string;
  readonly die?: string;
  /** Of one run; none was made where they are not given. */
  readonly figures?: Partial<ListedFigures>;
  /** Jobs that failed, by the code and the message of their reason. */
  readonly failed?: readonly (readonly [code: string, message: string])[];
  /** Jobs that wait. */
  readonly waiting?: number;
}

export async function makeFleetWorld(address: string, benches: readonly WorldBench[]): Promise<void> {
  const server = await openServer(address);
  const store = await openPostgresStore(address);
  for (const bench of benches) {
    const chips = bench.chips.map(({ serialNumber }, k) => ({
      nickname: `chip-${k + 1}`,
      address: `emulator:pcm-64?seed=${serialNumber}`,
      chip: { name: "pcm-64", serialNumber },
      identifiedAgo: 0,
      description: undefined,
    }));
    await sayHello(server, bench, chips);
    for (const chip of bench.chips) {
      const { serialNumber, wafer, die, figures } = chip;
      const key = { name: "pcm-64", serialNumber };
      if (wafer !== undefined || die !== undefined)
        await store.appendChipNote(key, {
          notedAt: "2026-11-01T00:00:00Z",
          ...(wafer && { wafer }),
          ...(die && { die }),
        });
      if (figures !== undefined) {
        const run = await store.beginRun(
          planOf(serialNumber),
          identityOf(serialNumber),
          "2026-11-02T00:00:00Z",
        );
        await store.endRun(run, "done");
        await store.keepFigures(run, { turns: 0, sweeps: 0 }, { ...usual, ...figures });
      }
      await addJobs(server, chip);
    }
  }
  await store.close();
  await server.close();
}

const usual: ListedFigures = {
  devices: 1000,
  pulses: 50_000,
  yieldPercent: 99,
  errorPercent: 1.5,
  errorAgeSeconds: 86_400,
  aged: { exponent: 0.05, unforeseen: [] },
};

async function sayHello(
  server: Server,
  { name, silentHours = -24, stopped = false, doing = "", freeBytes }: WorldBench,
  chips: Parameters<typeof heartbeat>[2]["chips"],
): Promise<void> {
  const names = { workspace: randomUUID(), name, usualName: name, restored: false };
  const { bench } = await HandOnServer.open(server, names);
  const session = { bench, name, session: randomUUID() };
  await beginSession(server, session, { host: `machine of ${name}`, version: "0.2.0" });
  await heartbeat(server, session, { chips, doing, diskFreeBytes: freeBytes ?? 4e11 });
  await server.query(
    "UPDATE mho.bench_states SET heard_at = heard_at - $2 * interval '1 hour', is_stopped = $3 WHERE bench = $1",
    [bench, silentHours, stopped],
  );
}

async function addJobs(server: Server, { serialNumber, failed = [], waiting = 0 }: WorldChip): Promise<void> {
  const [chip] = await server.query<{ chip: number }>(
    "SELECT chip FROM mho.fleet_chips WHERE serial_number = $1",
    [serialNumber],
  );
  const request = {
    command: "measure",
    subjects: ["yield"],
    options: { row: 0 },
    chip: "",
    files: [],
    seed: 7,
    acceptUnknownWear: false,
    text: "measure yield",
    host: "",
  };
  const job = {
    chipId: chip!.chip,
    request,
    operator: undefined,
    after: [],
    notBefore: undefined,
    files: [],
  };
  for (const [code, message] of failed) {
    const id = await addServerJob(server, job);
    await server.query("UPDATE mho.jobs SET state = 'failed', why = $2 WHERE job = $1", [
      Number(id.slice(1)),
      JSON.stringify({ code, message }),
    ]);
  }
  for (let n = 0; n < waiting; n++) await addServerJob(server, job);
}

function identityOf(serialNumber: string): ChipIdentity {
  return {
    name: "pcm-64",
    firmware: "f",
    serialNumber,
    boot: 1,
    geometry: { tiles: 1, rows: 64, columns: 64, devicesPerCell: 4 },
    capabilities: {
      virtualTime: true,
      multiply: false,
      onBoardVerify: false,
      environment: false,
      references: false,
    },
    newestTicket: 0,
  };
}

function planOf(
  serialNumber: string,
): Parameters<Awaited<ReturnType<typeof openPostgresStore>>["beginRun"]>[0] {
  return {
    title: "a row of devices",
    chipName: "pcm-64",
    chipSerialNumber: serialNumber,
    chipAddress: `emulator:pcm-64?seed=${serialNumber}`,
    method: "verify",
    model: pcm90nmDefinition,
    sweepTimesSeconds: [1],
    sweepAverages: 1,
    pulsesPerDevice: 200,
    tiles: [
      {
        block: { tile: 0, rowStart: 0, rowCount: 1 },
        targetsMicrosiemens: Float32Array.from({ length: 256 }, (_, i) => 1 + (i % 20)),
      },
    ],
  };
}
