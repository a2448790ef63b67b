import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Column, Part } from "../files/tableColumn.ts";
import { writeCsv } from "../files/tableWriters.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const column = (name: string, type: Column["type"], whole = false): Column => ({
  name,
  type,
  unit: "",
  meaning: "",
  whole,
});

const columns = [column("turn", "INT32"), column("seen", "FLOAT"), column("ticket", "DOUBLE", true)];

/** `seen` is empty before a row; rows count through all parts. */
function part(from: number, count: number, seenFrom: number): Part {
  return {
    count,
    value: (i, name) => {
      const row = from + i;
      if (name === "seen") return row < seenFrom ? Number.NaN : row;
      return name === "ticket" ? 1000 + row : row;
    },
  };
}

async function* stream(...parts: readonly Part[]): AsyncIterable<Part> {
  for (const one of parts) yield await Promise.resolve(one);
}

async function linesOf(parts: AsyncIterable<Part>): Promise<string[]> {
  const file = join(emptyFolder(), "t.csv");
  await writeCsv(file, {}, columns, parts);
  return readFileSync(file, "utf8").trim().split("\n");
}

describe("a table that programs guess types of by its first rows", () => {
  it("has fractions with a decimal sign in every row, and whole numbers without", async () => {
    expect(await linesOf(stream(part(0, 2, 0)))).toEqual(["turn,seen,ticket", "0,0.0,1000", "1,1.0,1001"]);
  });

  it("has a row that shows a column first where the column is empty for a hundred, and every row once", async () => {
    const parts = stream(part(0, 300, 300), part(300, 200, 350), part(500, 9, 0));
    const lines = await linesOf(parts);
    expect(lines[1]).toBe("350,350.0,1350");
    expect(lines[2]).toBe("0,,1000");
    const turns = lines.slice(1).map((line) => Number(line.split(",")[0]));
    expect(turns.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 509 }, (_, i) => i));
  });

  it("keeps its order where an early row has a value, or none has", async () => {
    for (const seenFrom of [50, 1000]) {
      const lines = await linesOf(stream(part(0, 300, seenFrom), part(300, 9, seenFrom)));
      const turns = lines.slice(1).map((line) => Number(line.split(",")[0]));
      expect(turns).toEqual(Array.from({ length: 309 }, (_, i) => i));
    }
  });

  it("shows whole numbers, texts and times that begin late, each by its first row, within a hundred rows", async () => {
    const late = [
      column("row", "INT32"),
      ...Array.from({ length: 12 }, (_, c) =>
        column(`c${c}`, c % 3 === 0 ? "INT32" : c % 3 === 1 ? "STRING" : "TIMESTAMP"),
      ),
    ];
    const value = (row: number, name: string): number | string => {
      if (name === "row") return row;
      const c = Number(name.slice(1));
      if (row < 80 + c) return c % 3 === 0 ? Number.NaN : "";
      return c % 3 === 0 ? row : c % 3 === 1 ? `n${row}` : "2026-11-30T12:00:00.000Z";
    };
    const file = join(emptyFolder(), "t.csv");
    await writeCsv(file, {}, late, stream({ count: 2000, value }));
    const cells = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(","));
    expect(late.map((_, c) => cells.findIndex((row) => row[c] !== "")).every((found) => found < 100)).toBe(
      true,
    );
    expect(new Set(cells.map(([row]) => row)).size).toBe(2000);
  });

  it("has a name first where the names of devices begin with numbers", async () => {
    const named = [column("row", "INT32"), column("device", "STRING")];
    const names = ["7", "1e3", "2026-11-30", "nan", "true", ""];
    const value = (row: number, name: string): number | string =>
      name === "row" ? row : row === 1234 ? "A1" : names[row % names.length]!;
    const file = join(emptyFolder(), "t.csv");
    await writeCsv(file, {}, named, stream({ count: 2000, value }));
    expect(readFileSync(file, "utf8").split("\n").slice(0, 3)).toEqual(["row,device", "1234,A1", "0,7"]);
  });

  it("of many megabytes moves down in pieces, and loses nothing", async () => {
    const count = 400_000;
    const value = (row: number, name: string): number =>
      name === "seen" && row < count - 1 ? Number.NaN : row + 0.25;
    const file = join(emptyFolder(), "t.csv");
    expect(await writeCsv(file, {}, columns, stream({ count, value }))).toBe(count);
    const lines = readFileSync(file, "utf8").trim().split("\n");
    expect(lines).toHaveLength(count + 1);
    expect(lines[1]).toBe("399999.25,399999.25,399999.25");
    expect(lines[2]).toBe("0.25,,0.25");
    expect(lines.at(-1)).toBe("399998.25,,399998.25");
  });
});
