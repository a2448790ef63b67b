import { type FileHandle, open } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { daysSince1970 } from "./calendar.ts";
import { arrowSchema } from "./arrowSchema.ts";
import { cellText, FirstRows } from "./csvText.ts";
import type { Column, Part } from "./tableColumn.ts";

/** What a table says of itself. */
export type Header = Readonly<Record<string, string>>;

type Write = (
  path: string,
  header: Header,
  columns: readonly Column[],
  parts: AsyncIterable<Part>,
) => Promise<number>;

/**
 * Names in the first line, and nothing but rows below, whose first tell the types: every program reads it without options. A few rows
 * that show what their columns hold stand before the others. @returns rows written.
 */
export const writeCsv: Write = (path, _header, columns, parts) =>
  toFile(path, async (file) => {
    let rows = 0;
    const heading = `${columns.map(({ name }) => name).join(",")}\n`;
    await file.appendFile(heading);
    const firstRows = new FirstRows(columns);
    let first = "";
    for await (const part of parts) {
      let text = "";
      for (let i = 0; i < part.count; i++) {
        const cells = columns.map((column) => cellText(part.value(i, column.name), column));
        const row = `${cells.join(",")}\n`;
        if (firstRows.next(cells)) first += row;
        else text += row;
        if (text.length > chunkCharacters) {
          await file.appendFile(text);
          text = "";
        }
      }
      await file.appendFile(text);
      rows += part.count;
    }
    if (first !== "") await putIn(file, Buffer.byteLength(heading), Buffer.from(first));
    return rows;
  });

/** Puts bytes into a file at a place, and moves what stands there and behind. */
async function putIn(file: FileHandle, place: number, bytes: Buffer): Promise<void> {
  const piece = Buffer.alloc(chunkCharacters);
  let { size: end } = await file.stat();
  while (end > place) {
    const from = Math.max(place, end - piece.length);
    const { bytesRead } = await file.read(piece, 0, end - from, from);
    if (bytesRead < end - from) throw new Error("The table was cut while it was written.");
    await writeAll(file, piece.subarray(0, bytesRead), from + bytes.length);
    end = from;
  }
  await writeAll(file, bytes, place);
}

async function writeAll(file: FileHandle, bytes: Buffer, place: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, place + done)).bytesWritten;
}

const chunkCharacters = 1 << 20;

/** A row group a part; empty cells are null; the header, and `columns` with units and meanings as JSON, in the file's metadata; the same as metadata of the columns, as Arrow keeps it. */
export const writeParquet = async (
  path: string,
  header: Header,
  columns: readonly Column[],
  parts: AsyncIterable<Part>,
  codec: "SNAPPY" | "GZIP" = "SNAPPY",
): Promise<number> => {
  const about = Object.fromEntries(columns.map(({ name, unit, meaning }) => [name, { unit, meaning }]));
  const metadata = [
    ...Object.entries(header).map(([key, value]) => ({ key, value })),
    { key: "columns", value: JSON.stringify(about) },
  ];
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    createdBy: "mho",
    codec,
    // Level 1: numbers of a converter get no smaller by more.
    compressors: { GZIP: (bytes) => gzipSync(bytes, { level: 1 }) },
    kvMetadata: [...metadata, { key: "ARROW:schema", value: arrowSchema(columns, metadata) }],
    schema: [{ name: "table", num_children: columns.length }, ...columns.map(schemaOf)],
  });
  let rows = 0;
  for await (const part of parts) {
    if (part.count === 0) continue;
    await writer.write({
      columnData: columns.map((column) => ({
        name: column.name,
        data: part.column?.(column.name) ?? dataOf(column, part),
      })),
      rowGroupSize: part.count,
    });
    rows += part.count;
  }
  await writer.finish();
  return rows;
};

function schemaOf({ name, type, optional }: Column) {
  const repetition_type = optional === true ? ("OPTIONAL" as const) : ("REQUIRED" as const);
  if (type === "STRING")
    return { name, type: "BYTE_ARRAY" as const, converted_type: "UTF8" as const, repetition_type };
  if (type === "UINT16" || type === "UINT8") {
    const converted_type = type === "UINT16" ? ("UINT_16" as const) : ("UINT_8" as const);
    return { name, type: "INT32" as const, converted_type, repetition_type };
  }
  if (type !== "TIMESTAMP") return { name, type, repetition_type };
  return {
    name,
    type: "INT64" as const,
    converted_type: "TIMESTAMP_MICROS" as const,
    // Without it, some programs take the times for local ones.
    logical_type: { type: "TIMESTAMP" as const, isAdjustedToUTC: true, unit: "MICROS" as const },
    repetition_type,
  };
}

function dataOf({ name, type }: Column, part: Part): (number | string | bigint | null)[] {
  return Array.from({ length: part.count }, (_, i) => {
    const value = part.value(i, name);
    if (value === "" || (typeof value === "number" && Number.isNaN(value))) return null;
    if (type === "TIMESTAMP") return microsecondsOf(String(value));
    return value;
  });
}

/** Since 1970, of a time in UTC such as 2026-11-29T12:00:00.250Z; null for another text. */
function microsecondsOf(iso: string): bigint | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?Z$/.exec(iso);
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const seconds = 86_400 * daysSince1970(year, month, day) + 3600 * hour + 60 * minute + second;
  return BigInt(seconds) * 1_000_000n + BigInt((found[7] ?? "").padEnd(6, "0"));
}

/** A file that is written piece by piece, and closed whatever happens. */
export async function toFile(path: string, write: (file: FileHandle) => Promise<number>): Promise<number> {
  const file = await open(path, "w+");
  try {
    return await write(file);
  } finally {
    await file.close();
  }
}
