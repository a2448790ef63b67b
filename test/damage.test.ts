import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MhoError } from "../src/errors.ts";
import { Random } from "../src/random.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { digestOfAll, writeRecords } from "./support/manyRecords.ts";

removeFoldersAfterEach();

const copies = 400;
const atOnce = 20;

/** Reads copies of a workspace in which 1 to 8 bits of a file are flipped. @returns how many were read as they were, told, and otherwise. */
async function readFlipped(folder: string, name: string, seed: number): Promise<Record<string, number>> {
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

describe("a workspace of which bits were flipped", () => {
  it("in its file is read as it was or told of, never otherwise", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    await writeRecords(store);
    await store.close();
    const ends = await readFlipped(folder, "workspace.db", 1);
    expect(ends).toMatchObject({ silent: 0, crashed: 0 });
    expect(ends["told"]).toBeGreaterThan(copies / 4);
  });

  it("in its log is read as it was or told of, never otherwise", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    await writeRecords(store, 2);
    const copied = emptyFolder();
    for (const file of ["workspace.db", "workspace.db-wal"]) cpSync(join(folder, file), join(copied, file));
    await store.close();
    const ends = await readFlipped(copied, "workspace.db-wal", 2);
    expect(ends).toMatchObject({ silent: 0, crashed: 0 });
    expect(ends["told"]).toBeGreaterThan(copies / 4);
  });
});
