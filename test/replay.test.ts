import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

let folder: string;
/** A transcript of a whole small run on an emulated chip. */
let transcript: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mho-replay-"));
  transcript = join(folder, "line.jsonl");
  const targets = join(folder, "targets.csv");
  const row = (r: number): string => Array.from({ length: 256 }, (_, k) => (7 * k + r) % 25).join();
  writeFileSync(targets, `${row(0)}\n${row(1)}\n`);
  const chip = ["--chip", "emulator:pcm-64?seed=7&state=none", "--workspace", folder];
  const { code } = await mho("program", targets, ...chip, "--sweep", "1,1h,1d", "--transcript", transcript);
  expect(code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  requests: number;
  replies: number;
  emulator: string;
  differences: number;
  first_difference: { what: string } | null;
}

async function replayed(path: string): Promise<{ code: number | null; result: Result }> {
  const { code, out } = await mho("replay", path, "--json");
  return { code, result: JSON.parse(out.trim().split("\n").at(-1)!) as Result };
}

describe("a transcript", () => {
  it("of a run is replayed without a difference, to the last byte of the emulated chip", async () => {
    const { code, result } = await replayed(transcript);
    expect(result).toMatchObject({ differences: 0, emulator: "same", first_difference: null });
    expect([code, result.requests > 100, result.replies === result.requests]).toEqual([0, true, true]);
  });

  it("that was changed is found out, with the place", async () => {
    const path = join(emptyFolder(), "changed.jsonl");
    const lines = readFileSync(transcript, "utf8").split("\n");
    const place = lines.findIndex((line, i) => i > 60 && line.includes('"to":"chip"'));
    // What the chip was told is missing: the reply has no request, and all later ones come too early.
    writeFileSync(path, [...lines.slice(0, place), ...lines.slice(place + 1)].join("\n"));
    const { code, result } = await replayed(path);
    expect(code).toBe(1);
    expect(result.differences).toBeGreaterThan(1);
    expect(result.first_difference?.what).toMatch(/today's emulator says|belongs to no request/);
  });

  it("that a crash cut in its last line is replayed up to there", async () => {
    const path = join(emptyFolder(), "t");
    writeFileSync(
      path,
      '{"format":"mho-transcript","version":1,"address":"x"}\n{"microseconds":1,"to":"chip","he',
    );
    expect((await mho("replay", path)).code).toBe(0);
  });

  it("that is none, or is damaged in the middle, is refused in a sentence", async () => {
    const path = join(emptyFolder(), "t");
    writeFileSync(path, "hello\n");
    expect(await mho("replay", path)).toMatchObject({
      code: 2,
      err: expect.stringContaining("it is not a transcript") as string,
    });
    writeFileSync(
      path,
      '{"format":"mho-transcript","version":1,"address":"x"}\n{"microseconds":1,"to":"chip","he\n{"microseconds":2,"to":"chip","hex":""}\n',
    );
    expect(await mho("replay", path)).toMatchObject({
      code: 2,
      err: expect.stringContaining("line 2 is damaged") as string,
    });
  });
});
