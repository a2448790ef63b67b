import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { pcm90nmDefinition } from "../../src/model/builtIn.ts";
import { openWorkspace } from "../../storage/workspace.ts";
import { summarise } from "../../src/results/summary.ts";
import type { RunStore } from "../../src/run/store.ts";
import { type OpenSurface, surface } from "./surface.ts";

export const workspaceSurfaces = [surface("workspace", 5, openWorkspaces)];

/** Each input is the file of a workspace in a folder of its own, opened and read from end to end. */
async function openWorkspaces(): Promise<OpenSurface> {
  const folder = mkdtempSync(join(tmpdir(), "mho-fuzz-"));
  const bytes = await smallWorkspace(join(folder, "whole"));
  const given = join(folder, "given");
  return {
    corpus: [bytes],
    language: "binary",
    async feed(damaged) {
      rmSync(given, { recursive: true, force: true });
      mkdirSync(given);
      writeFileSync(join(given, "workspace.db"), damaged);
      const store = await openWorkspace(given);
      try {
        return (await readAll(store)) > 0;
      } finally {
        await store.close();
      }
    },
    close: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  };
}

/** What `mho show` and the live page ask for. @returns how many runs there are. */
async function readAll(store: RunStore): Promise<number> {
  const runs = await store.runs();
  for (const { id, chipName: name, chipSerialNumber: serialNumber } of runs.slice(0, 5)) {
    await store.identity(id);
    await store.notes(id);
    await store.watch(id);
    await store.request(id);
    await store.newestTicket({ name, serialNumber });
    await store.newestMark({ name, serialNumber });
    await summarise(store, id);
  }
  return runs.length;
}

/** The file of a workspace with one run of two turns and a sweep. */
export async function smallWorkspace(folder: string): Promise<Uint8Array> {
  const store = await openWorkspace(folder);
  const geometry = { tiles: 1, rows: 64, columns: 64, devicesPerCell: 4 };
  const capabilities = {
    virtualTime: true,
    multiply: false,
    onBoardVerify: false,
    environment: false,
    references: false,
  };
  const run = await store.beginRun(
    {
      title: "a plan",
      chipName: "pcm-64",
      chipSerialNumber: "S1",
      chipAddress: "emulator:pcm-64",
      method: "verify",
      model: pcm90nmDefinition,
      sweepTimesSeconds: [1],
      sweepAverages: 1,
      pulsesPerDevice: 200,
      tiles: [
        { block: { tile: 0, rowStart: 1, rowCount: 2 }, targetsMicrosiemens: Float32Array.of(1, NaN, 3, 4) },
      ],
    },
    {
      name: "pcm-64",
      firmware: "f",
      serialNumber: "S1",
      boot: 1,
      geometry,
      capabilities,
      newestTicket: 0,
    },
    "2026-01-02T03:04:05Z",
  );
  for (let turn = 0; turn < 2; turn++) {
    await store.appendTurn(run, {
      tile: 0,
      turn,
      devices: Uint32Array.of(0, 2),
      conductanceMicrosiemens: Float32Array.of(1.25, NaN),
      verdicts: Uint8Array.of(turn, 0),
      orders: [
        {
          kind: "reset",
          codes: Uint16Array.of(7, 512),
          widthNanoseconds: 100,
          trailingNanoseconds: 0,
          gateCode: 0,
        },
      ],
      firstTicket: 1 + 2 * turn,
      newestTicket: 2 + 2 * turn,
      fired:
        turn === 0
          ? { rowTimesMicroseconds: new Float64Array(0), fates: new Uint8Array(0) }
          : { rowTimesMicroseconds: Float64Array.of(5, 6), fates: Uint8Array.of(1, 1) },
      inside: 0,
      decidedAt: "2026-01-02T03:04:05Z",
    });
  }
  await store.appendSweep(run, {
    tile: 0,
    timeSeconds: 1,
    averages: 1,
    rowTimesMicroseconds: Float64Array.of(9, 10),
    codes: Uint16Array.of(30, 40, 50, 60),
    conductanceMicrosiemens: new Float32Array(4),
    flags: new Uint8Array(4),
    converter: { microsiemensPerCode: 0.05, offsetCodes: 8, codes: 1024 },
    takenAt: "2026-01-02T03:04:05Z",
    boot: 1,
  });
  await store.appendNote(run, { notedAt: "2026-01-02T03:04:05Z", what: "link-lost", text: "gone" });
  await store.setWatch(run, { timesSeconds: [1, 60], averages: 1 });
  await store.setRequest(run, "pause");
  await store.markClock({
    chipName: "pcm-64",
    chipSerialNumber: "S1",
    boot: 1,
    chipTimeMicroseconds: 5,
    offsetMicroseconds: 0,
    markedAt: "2026-01-02T03:04:05Z",
  });
  await store.endRun(run, "done");
  await store.close();
  // The whole of it in one file, without a log beside it.
  const database = new DatabaseSync(join(folder, "workspace.db"));
  database.exec(`VACUUM INTO '${join(folder, "whole.db")}'`);
  database.close();
  return new Uint8Array(readFileSync(join(folder, "whole.db")));
}
