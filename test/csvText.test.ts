import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filledFirst } from "../files/csvText.ts";
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

  it("has NaN first in a column of fractions that is empty for a hundred rows and filled below", async () => {
    const late = await linesOf(stream(part(0, 300, 256)));
    expect(late.slice(1, 3)).toEqual(["0,NaN,1000", "1,,1001"]);
    const soon = await linesOf(stream(part(0, 300, 99)));
    expect(soon[1]).toBe("0,,1000");
    const never = await linesOf(stream(part(0, 300, 1000)));
    expect(never[1]).toBe("0,,1000");
  });

  it("has a reading in its first row where the first turns saw nothing, and every row once", async () => {
    const parts = (): AsyncIterable<Part> => stream(part(0, 300, 300), part(300, 200, 350), part(500, 9, 0));
    const lines = await linesOf(filledFirst(parts(), ["seen", "turn"]));
    expect(lines[1]).toBe("350,350.0,1350");
    expect(lines[2]).toBe("0,,1000");
    const turns = lines.slice(1).map((line) => Number(line.split(",")[0]));
    expect(turns.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 509 }, (_, i) => i));
  });

  it("keeps its order where an early row has a value, or none has", async () => {
    for (const seenFrom of [50, 1000]) {
      const lines = await linesOf(
        filledFirst(stream(part(0, 300, seenFrom), part(300, 9, seenFrom)), ["seen"]),
      );
      const turns = lines.slice(1).map((line) => Number(line.split(",")[0]));
      expect(turns).toEqual(Array.from({ length: 309 }, (_, i) => i));
    }
  });
});
