/** ONNX models that no exporter would write. */

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) | 0x80);
  }
}

/** One field of a protobuf message: a whole number, a text or bytes. */
function field(number: number, value: number | string | Uint8Array): Buffer {
  if (typeof value === "number") return Buffer.from([...varint(8 * number), ...varint(value)]);
  const bytes = Buffer.from(value as Uint8Array);
  return Buffer.concat([Buffer.from([...varint(8 * number + 2), ...varint(bytes.length)]), bytes]);
}

/** A tensor of 32-bit floats: its dimensions, packed, and what else is said of it. */
export function tensor(name: string, dimensions: readonly number[], ...fields: readonly Buffer[]): Buffer {
  const packed = Buffer.from(dimensions.flatMap(varint));
  return Buffer.concat([field(1, packed), field(2, 1), field(8, name), ...fields]);
}

/** Where a tensor's numbers are kept outside the model. */
export function keptIn(location: string): Buffer {
  return field(13, Buffer.concat([field(1, "location"), field(2, location)]));
}

/** A model of one node for each tensor. */
export function onnxOf(op: string, tensors: readonly Buffer[], names: readonly string[]): Buffer {
  const nodes = names.map((name) =>
    field(1, Buffer.concat([field(1, "x"), field(1, name), field(2, "y"), field(4, op)])),
  );
  return field(7, Buffer.concat([...nodes, ...tensors.map((one) => field(5, one))]));
}
