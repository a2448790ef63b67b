import { createHash } from "node:crypto";
import type { RunId, RunStore } from "../src/run/store.ts";

/**
 * SHA-256 of a run's journal: what was to be done, every turn, and every sweep. Numbers go in as the bytes that they are kept as, so the same
 * journal has the same digest in every workspace. Labels and notes are not in it: people go on writing these.
 */
export async function journalDigest(store: RunStore, run: RunId): Promise<string> {
  const hash = createHash("sha256");
  const add = (value: unknown): void => {
    const arrays: ArrayBufferView[] = [];
    const text = JSON.stringify(value, (key, part: unknown) => {
      if (!ArrayBuffer.isView(part)) return part;
      arrays.push(part);
      return `${key}: ${part.byteLength} bytes`;
    });
    hash.update(`${text}\n`);
    for (const { buffer, byteOffset, byteLength } of arrays)
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  };
  const { forecasts: _, labels: __, chipAddress: ___, corrects: ____, ...plan } = await store.plan(run);
  add(plan);
  for await (const turn of store.turns(run)) add(turn);
  for await (const sweep of store.sweeps(run)) {
    const { conductanceMicrosiemens, flags, ...kept } = sweep;
    add(sweep.codes === undefined ? { ...kept, conductanceMicrosiemens, flags } : kept);
  }
  return hash.digest("hex");
}
