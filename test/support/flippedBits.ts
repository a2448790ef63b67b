import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { MhoError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { openWorkspace } from "../../storage/workspace.ts";
import { emptyFolder } from "./folders.ts";
import { digestOfAll, writeRecords } from "./manyRecords.ts";

/** Expects copies of a workspace, with 1 to 8 bits flipped in its file, to be read as they were or told of. */
export async function expectFlipsInFileTold(copies: number): Promise<void> {
  const folder = emptyFolder();
  const store = await openWorkspace(folder);
  await writeRecords(store);
  await store.close();
  expectTold(await readFlipped(folder, "workspace.db", 1, copies), copies);
}

/** The same of its log, which holds what was written last. */
export async function expectFlipsInLogTold(copies: number): Promise<void> {
  const folder = emptyFolder();
  const store = await openWorkspace(folder);
  await writeRecords(store, 2);
  const copied = emptyFolder();
  for (const file of ["workspace.db", "workspace.db-wal"]) cpSync(join(folder, file), join(copied, file));
  await store.close();
  expectTold(await readFlipped(copied, "workspace.db-wal", 2, copies), copies);
}

function expectTold(ends: Record<string, number>, copies: number): void {
  expect(ends).toMatchObject({ silent: 0, crashed: 0 });
  expect(ends["told"]).toBeGreaterThan(copies / 4);
}

const atOnce = 20;

/** Reads copies of a workspace in which 1 to 8 bits of a file are flipped. @returns how many were read as they were, told, and otherwise. */
async function readFlipped(
  folder: string,
  name: string,
  seed: number,
  copies: number,
): Promise<Record<string, number>> {
  const random = new Random(seed);
  let draws = 0;
  const whole = (below: number): number => random.at(draws++, 0).word0 % below;
  const untouched = join(emptyFolder(), "copy");
  cpSync(folder, untouched, { recursive: true });
  const right = await readOne(untouched);
  const ends: Record<string, number> = { same: 0, told: 0, silent: 0, crashed: 0 };
  const readFlippedCopy = async (): Promise<void> => {
    const place = join(emptyFolder(), "copy");
    mkdirSync(place);
    for (const file of ["workspace.db", "workspace.db-wal"])
      if (existsSync(join(folder, file))) cpSync(join(folder, file), join(place, file));
    const bytes = readFileSync(join(place, name));
    for (let flips = 1 + whole(8); flips > 0; flips--) bytes[whole(bytes.length)]! ^= 1 << whole(8);
    writeFileSync(join(place, name), bytes);
    const end = await readOne(place).catch((error: unknown) => error);
    const isTold = end instanceof MhoError && end.code === "workspace-failed";
    ends[isTold ? "told" : typeof end !== "string" ? "crashed" : end === right ? "same" : "silent"]!++;
    rmSync(place, { recursive: true });
  };
  // A damaged log is looked at twice, some time apart.
  for (let copy = 0; copy < copies; copy += atOnce)
    await Promise.all(Array.from({ length: atOnce }, readFlippedCopy));
  return ends;
}

async function readOne(folder: string): Promise<string> {
  const store = await openWorkspace(folder);
  try {
    return await digestOfAll(store);
  } finally {
    await store.close();
  }
}
