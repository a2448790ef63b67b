import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withHdf5 } from "../files/hdf5.ts";
import { matArray } from "../files/matArray.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

/** Two rows of weights on two tiles, each read at two ages. */
async function weightsOnTwoTiles(): Promise<{
  folder: string;
  exported: (...flags: string[]) => Promise<string>;
}> {
  const folder = emptyFolder();
  const rows = Array.from({ length: 66 }, (_, r) => [((r % 9) - 4) / 8, ((r % 5) - 2) / 4].join());
  writeFileSync(join(folder, "w.csv"), rows.join("\n"));
  const strategy = join(folder, "s.json");
  const chip = "emulator:pcm-64?tiles=2&seed=5";
  const of = ["--workspace", folder];
  await mho(
    "optimize",
    join(folder, "w.csv"),
    "--model",
    "pcm-90nm",
    "--significance",
    "2",
    "--out",
    strategy,
  );
  const { code } = await mho(
    "program",
    strategy,
    "--chip",
    chip,
    "--method",
    "open-loop",
    "--sweep",
    "1,60",
    ...of,
  );
  expect(code).toBe(0);
  const exported = async (...flags: string[]): Promise<string> => {
    const out = join(folder, `out.${flags.join("")}`);
    const found = await mho("export", "r1", "--out", out, ...flags, ...of);
    if (found.code !== 0) throw new Error(found.err);
    return out;
  };
  return { folder, exported };
}

function csvOf(file: string): Record<string, string>[] {
  const [names, ...rows] = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  return rows.map((row) => Object.fromEntries(row.map((value, k) => [names![k]!, value])));
}

describe("a run that was exported", () => {
  it("counts ages, names verdicts and says which weight a device holds, and how", async () => {
    const { exported } = await weightsOnTwoTiles();
    const rows = csvOf(await exported("--to", "csv"));
    const ages = new Set(rows.map((row) => `${row["sweep"]} ${row["asked_age_seconds"]}`));
    expect([...ages].sort()).toEqual(["0 1.0", "1 60.0"]);
    expect(new Set(rows.map((row) => row["tile"])).size).toBe(2);
    expect(rows[0]!["verdict"]).toBe("unverified");
    const sixth = rows.find((row) => row["tile"] === "0" && row["row"] === "3" && row["line"] === "5")!;
    expect([sixth["weight_row"], sixth["weight_column"], sixth["sign"]]).toEqual(["3", "1", "-1"]);
    expect(Number(sixth["significance"])).toBeGreaterThanOrEqual(1);
    const unused = rows.find((row) => row["line"] === "8")!;
    expect([unused["weight_row"], unused["sign"], unused["target_microsiemens"]]).toEqual(["", "", ""]);

    const file = await exported("--to", "hdf5");
    await withHdf5(file, async ({ tensors }) => {
      const tensor = tensors.find(({ name }) => name === "conductance_microsiemens")!;
      expect(tensor.shape).toEqual([2, 2, 64, 256]);
      const at = (1 * 2 + 1) * 64 * 256 + 1 * 256 + 3;
      const same = rows.find(
        (row) => row["tile"] === "1" && row["sweep"] === "1" && row["row"] === "1" && row["line"] === "3",
      )!;
      const values = await tensor.read();
      expect(values[at]).toBeCloseTo(Number(same["conductance_microsiemens"]), 4);
      // The second tile has two rows.
      expect(values[at + 256]).toBeNaN();
    });
    expect(
      readFileSync(await exported("--to", "mat"))
        .subarray(0, 19)
        .toString(),
    ).toBe("MATLAB 5.0 MAT-file");

    const turns = csvOf(await exported("--to", "csv", "--turns"));
    const pulses = turns.filter(({ kind }) => kind !== "");
    expect(pulses.length).toBeGreaterThan(0);
    expect(pulses.filter(({ fate }) => fate === "fired")).toHaveLength(pulses.length);
    expect(pulses.every((row) => Number(row["fired_at_microseconds"]) > 0)).toBe(true);
    // Pulses of one row share its ticket, and no two rows or orders do.
    const rowOf = ({ turn, tile, row, order }: Record<string, string>): string =>
      [turn, tile, row, order].join(" ");
    const tickets = new Map(pulses.map((row) => [rowOf(row), row["ticket"]!]));
    expect(pulses.every((row) => tickets.get(rowOf(row)) === row["ticket"])).toBe(true);
    expect(new Set(tickets.values()).size).toBe(tickets.size);
    expect(Math.min(...[...tickets.values()].map(Number))).toBeGreaterThan(0);
    await expect(exported("--to", "npz", "--turns")).rejects.toThrow(/Turns are a table/);
  });
});

describe("an array of a MAT-file", () => {
  it("runs along columns, and is padded to eight bytes", () => {
    const bytes = matArray("abc", [2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6));
    expect(bytes.length % 8).toBe(0);
    expect([...bytes.subarray(-8)]).toEqual([1, 4, 2, 5, 3, 6, 0, 0]);
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
  });
});
