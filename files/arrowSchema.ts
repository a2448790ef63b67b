import { Builder, type Offset } from "flatbuffers";
import type { Column } from "./tableColumn.ts";

/**
 * The columns as Arrow writes a schema, in base64, for the key `ARROW:schema` of a Parquet file. That is where pyarrow and what stands
 * on it look for metadata of columns, for Parquet itself has none in its schema: each has `unit` and `description`. They then take
 * the file's metadata from here as well.
 *
 * @param metadata  of the file, without this key.
 * @source Apache Arrow's format/Schema.fbs and Message.fbs, metadata version 5: slots of tables, numbers of unions.
 */
export function arrowSchema(
  columns: readonly Column[],
  metadata: readonly { readonly key: string; readonly value: string }[],
): string {
  const builder = new Builder(4096);
  const fields = vectorOf(
    builder,
    columns.map((column) => fieldOf(builder, column)),
  );
  const ofFile = vectorOf(
    builder,
    metadata.map(({ key, value }) => keyValueOf(builder, key, value)),
  );
  const schema = tableOf(builder, 4, () => {
    builder.addFieldInt16(0, littleEndian, -1);
    builder.addFieldOffset(1, fields, 0);
    builder.addFieldOffset(2, ofFile, 0);
  });
  builder.finish(
    tableOf(builder, 5, () => {
      builder.addFieldInt16(0, metadataVersion5, -1);
      builder.addFieldInt8(1, headerSchema, 0);
      builder.addFieldOffset(2, schema, 0);
      builder.addFieldInt64(3, 0n, -1n);
    }),
  );
  return encapsulated(builder.asUint8Array());
}

const littleEndian = 0;
const metadataVersion5 = 4;
const headerSchema = 1;

function fieldOf(builder: Builder, { name, type, unit, meaning, optional }: Column): Offset {
  const [kind, typeTable] = typeOf(builder, type);
  const nameText = builder.createString(name);
  const children = vectorOf(builder, []);
  const metadata = vectorOf(
    builder,
    Object.entries({ unit, description: meaning })
      .filter(([, value]) => value !== "")
      .map(([key, value]) => keyValueOf(builder, key, value)),
  );
  return tableOf(builder, 7, () => {
    builder.addFieldOffset(0, nameText, 0);
    builder.addFieldInt8(1, optional === true ? 1 : 0, -1);
    builder.addFieldInt8(2, kind, 0);
    builder.addFieldOffset(3, typeTable, 0);
    builder.addFieldOffset(5, children, 0);
    builder.addFieldOffset(6, metadata, 0);
  });
}

/** The union's number of a type, and its table. */
function typeOf(builder: Builder, type: Column["type"]): [number, Offset] {
  switch (type) {
    case "INT32":
      return [2, tableOf(builder, 2, () => (builder.addFieldInt32(0, 32, 0), builder.addFieldInt8(1, 1, 0)))];
    case "UINT16":
    case "UINT8": {
      const bits = type === "UINT16" ? 16 : 8;
      return [2, tableOf(builder, 2, () => builder.addFieldInt32(0, bits, 0))];
    }
    case "FLOAT":
      return [3, tableOf(builder, 1, () => builder.addFieldInt16(0, 1, 0))];
    case "DOUBLE":
      return [3, tableOf(builder, 1, () => builder.addFieldInt16(0, 2, 0))];
    case "STRING":
      return [5, tableOf(builder, 0, () => {})];
    case "TIMESTAMP": {
      const zone = builder.createString("UTC");
      const microseconds = 2;
      return [
        10,
        tableOf(builder, 2, () => {
          builder.addFieldInt16(0, microseconds, 0);
          builder.addFieldOffset(1, zone, 0);
        }),
      ];
    }
  }
}

function keyValueOf(builder: Builder, key: string, value: string): Offset {
  const keyText = builder.createString(key);
  const valueText = builder.createString(value);
  return tableOf(builder, 2, () => {
    builder.addFieldOffset(0, keyText, 0);
    builder.addFieldOffset(1, valueText, 0);
  });
}

function tableOf(builder: Builder, slots: number, fill: () => void): Offset {
  builder.startObject(slots);
  fill();
  return builder.endObject();
}

function vectorOf(builder: Builder, offsets: readonly Offset[]): Offset {
  builder.startVector(4, offsets.length, 4);
  for (const offset of [...offsets].reverse()) builder.addOffset(offset);
  return builder.endVector();
}

/** A message as streams of Arrow have it: a mark, its length, and itself up to a multiple of 8 bytes. */
function encapsulated(message: Uint8Array): string {
  const length = 8 * Math.ceil(message.length / 8);
  const bytes = Buffer.alloc(8 + length);
  bytes.writeUInt32LE(0xffff_ffff, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.set(message, 8);
  return bytes.toString("base64");
}
