import { createHash } from "node:crypto";
import type { RunId, RunStore } from "../src/run/store.ts";

export interface JournalDigest {
  readonly digest: string;
  /** As it was reckoned before 0.2.0, with names of other runs and networks in it: lakes may have it so. Undefined where it is the same. */
  readonly former: string | undefined;
}

/**
 * SHA-256 of a run's journal: what was to be done, every turn, and every sweep. Numbers go in as the bytes that they are kept as, so the same
 * journal has the same digest in every workspace. Labels and notes are not in it: people go on writing these. Nor is what the run
 * or network is called that it corrects, or holds a share of: another workspace calls that otherwise.
 */
export async function journalDigest(store: RunStore, run: RunId): Promise<JournalDigest> {
  const { forecasts: _, labels: __, chipAddress: ___, corrects: ____, ...before } = await store.plan(run);
  const { share, ...alone } = before;
  const plan = { ...alone, title: alone.title.replace(/^trim of [rn]\d+: /, "trim: ") };
  const own = createHash("sha256");
  const former = share === undefined && plan.title === before.title ? undefined : createHash("sha256");
  const add = (value: unknown, to = [own, ...(former === undefined ? [] : [former])]): void => {
    const arrays: ArrayBufferView[] = [];
    const text = JSON.stringify(value, (key, part: unknown) => {
      if (!ArrayBuffer.isView(part)) return part;
      arrays.push(part);
      return `${key}: ${part.byteLength} bytes`;
    });
    for (const hash of to) {
      hash.update(`${text}\n`);
      for (const { buffer, byteOffset, byteLength } of arrays)
        hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  };
  add(plan, [own]);
  if (former !== undefined) add(before, [former]);
  for await (const turn of store.turns(run)) add(turn);
  for await (const sweep of store.sweeps(run)) {
    const { conductanceMicrosiemens, flags, ...kept } = sweep;
    add(sweep.codes === undefined ? { ...kept, conductanceMicrosiemens, flags } : kept);
  }
  return { digest: own.digest("hex"), former: former?.digest("hex") };
}
