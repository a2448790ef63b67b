import { createHash } from "node:crypto";
import { PulseLedger } from "../../src/run/ledger.ts";
import { wearOf } from "../../src/run/wear.ts";
import type { RunStore } from "../../src/run/store.ts";
import { identity, plan, sweep, turn } from "../contracts/runStore.ts";

export const chip = { name: identity.name, serialNumber: identity.serialNumber };
const text = '{"name":"pcm-64"}';
const description = { text, sha256: createHash("sha256").update(text).digest("hex") };
const wide = {
  ...plan,
  tiles: [
    { block: { tile: 0, rowStart: 1, rowCount: 2 }, targetsMicrosiemens: new Float32Array(512).fill(3) },
    { block: { tile: 1, rowStart: 0, rowCount: 2 }, targetsMicrosiemens: new Float32Array(512).fill(4) },
  ],
};

/** Writes a few runs of everything that a store keeps. */
export async function writeRecords(store: RunStore, runs = 4): Promise<void> {
  for (let n = 0; n < runs; n++) {
    const run = await store.beginRun(
      { ...wide, title: `run ${n}` },
      identity,
      "2026-01-02T03:04:05Z",
      description,
    );
    for (let k = 0; k < 6; k++) {
      const devices = Uint32Array.from({ length: 200 }, (_, i) => 2 * i + (k % 2));
      await store.appendTurn(run, {
        ...turn,
        tile: k % 2,
        turn: k >> 1,
        devices,
        conductanceMicrosiemens: Float32Array.from(devices, (i) => i / (1 + k)),
        verdicts: Uint8Array.from(devices, (i) => i % 4),
        orders: turn.orders.map((order) => ({
          ...order,
          codes: Uint16Array.from(devices, (i) => (i * 7 + k) % 900),
        })),
        firstTicket: 1 + 100 * n + 4 * k,
        newestTicket: 4 + 100 * n + 4 * k,
        fired:
          k < 2
            ? { rowTimesMicroseconds: new Float64Array(0), fates: new Uint8Array(0) }
            : {
                rowTimesMicroseconds: Float64Array.of(1, 2, 3, 4).map((at) => at + 1e6 * (10 * n + k)),
                fates: Uint8Array.of(1, 1, 3, 1),
              },
      });
    }
    for (let k = 0; k < 4; k++) {
      const codes = Uint16Array.from({ length: 512 }, (_, i) => (i * 3 + k) % 1000);
      const conductanceMicrosiemens = Float32Array.from(codes);
      await store.appendSweep(run, {
        ...sweep,
        tile: k % 2,
        timeSeconds: 10 * (1 + k),
        codes,
        conductanceMicrosiemens,
        flags: new Uint8Array(512),
        rowTimesMicroseconds: Float64Array.of(1, 2).map((at) => at + 1e6 * (10 * n + 100 * (k + 1))),
      });
      await store.markClock({
        chipName: chip.name,
        chipSerialNumber: chip.serialNumber,
        boot: 1 + n,
        chipTimeMicroseconds: 1000 * n + k,
        offsetMicroseconds: 7,
        markedAt: "2026-01-02T03:04:05Z",
      });
    }
    await store.appendNote(run, { notedAt: "2026-01-02T03:04:06Z", what: "link-lost", text: "a cable" });
    await store.setWatch(run, { timesSeconds: [1, 60, 3600], averages: 16 });
    await store.bookForeignTicket(chip, 7 + n);
    if (n === runs - 1) continue;
    await store.endRun(run, "done");
    await wearOf(store, run);
  }
}

/** All that can be read of a store, as one digest. */
export async function digestOfAll(store: RunStore): Promise<string> {
  const hash = createHash("sha256");
  const add = (value: unknown): void => void hash.update(JSON.stringify(value, bytesToo) ?? "undefined");
  const runs = await store.runs();
  add(runs);
  add(await store.runsOfChip(chip));
  add(await store.newestTicket(chip));
  add(await store.newestMark(chip));
  for (const { id } of runs) {
    for (const one of [
      await store.summary(id),
      await store.plan(id),
      await store.identity(id),
      await store.description(id),
      await store.notes(id),
      await store.watch(id),
      await store.request(id),
      await store.newestTurn(id),
    ])
      add(one);
    for await (const one of store.turns(id)) add(one);
    for await (const one of store.sweeps(id)) add(one);
    for (const { block, pulses, uncertainPulses, pulsedAtMicroseconds } of await wearOf(store, id))
      add({ block, pulses, uncertainPulses, pulsedAtMicroseconds });
  }
  const ledger = await PulseLedger.ofChip(store, chip, identity.geometry);
  for (const tile of [0, 1]) add([ledger.pulsesOfTile(tile), ledger.uncertainOfTile(tile)]);
  return hash.digest("hex");
}

function bytesToo(_key: string, value: unknown): unknown {
  if (!ArrayBuffer.isView(value)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
}
