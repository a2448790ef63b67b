import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mho } from "./support/commandLine.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { safetensors } from "./support/safetensors.ts";

removeFoldersAfterEach();

/** A transcript of a whole small run on an emulated chip. */
async function recordedRun(): Promise<string> {
  const folder = emptyFolder();
  const weights = join(folder, "small.safetensors");
  const ramp = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => ((i * 37) % 101) / 101 - 0.5);
  writeFileSync(
    weights,
    safetensors({
      "fc1.weight": { shape: [16, 64], values: ramp(1024) },
      "fc2.weight": { shape: [10, 16], values: ramp(160) },
    }),
  );
  const transcript = join(folder, "line.jsonl");
  const { code } = await mho(
    "demo",
    "--weights",
    weights,
    "--out",
    join(folder, "out"),
    "--workspace",
    join(folder, "out"),
    "--chip",
    "emulator:pcm-64?tiles=2&seed=7&state=none",
    "--transcript",
    transcript,
    "--quiet",
  );
  expect(code).toBe(0);
  return transcript;
}

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
    const { code, result } = await replayed(await recordedRun());
    expect(result).toMatchObject({ differences: 0, emulator: "same", first_difference: null });
    expect([code, result.requests > 100, result.replies === result.requests]).toEqual([0, true, true]);
  });

  it("that was changed is found out, with the place", async () => {
    const path = await recordedRun();
    const lines = readFileSync(path, "utf8").split("\n");
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
      err: expect.stringContaining("it is no transcript") as string,
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
