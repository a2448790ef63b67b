/** ONNX models that no exporter would write. */

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) | 0x80);
  }
}

/** One field of a protobuf message: a whole number, a text or bytes. */
export function field(number: number, value: number | string | Uint8Array): Buffer {
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

const types = { f4: 1, u1: 2, i1: 3, i4: 6, i8: 7, b: 9, f2: 10, f8: 11 } as const;

/** An initialiser: its numbers as they lie in the memory. */
export function stored(
  name: string,
  dimensions: readonly number[],
  type: keyof typeof types,
  values: readonly number[],
): Buffer {
  const raw = {
    f4: () => Float32Array.from(values),
    f8: () => Float64Array.from(values),
    u1: () => Uint8Array.from(values),
    b: () => Uint8Array.from(values),
    i1: () => Int8Array.from(values),
    i4: () => Int32Array.from(values),
    i8: () => BigInt64Array.from(values, BigInt),
    f2: () => Uint16Array.from(values),
  }[type]();
  return Buffer.concat([
    ...dimensions.map((size) => field(1, size)),
    field(2, types[type]),
    field(8, name),
    field(9, new Uint8Array(raw.buffer)),
  ]);
}

type Value =
  | number
  | readonly number[]
  | Buffer
  | { readonly real: number }
  | { readonly reals: readonly number[] }
  | { readonly text: string }
  | { readonly graph: Buffer };

/** A node's attribute: a whole number, several, a real one, a text, a tensor or a graph. */
function attribute(name: string, value: Value): Buffer {
  const content =
    typeof value === "number"
      ? [whole(3, value), field(20, 2)]
      : Buffer.isBuffer(value)
        ? [field(5, value), field(20, 4)]
        : "real" in value
          ? [float(2, value.real), field(20, 1)]
          : "reals" in value
            ? [...value.reals.map((one) => float(7, one)), field(20, 6)]
            : "text" in value
              ? [field(4, value.text), field(20, 3)]
              : "graph" in value
                ? [field(6, value.graph), field(20, 5)]
                : [...value.map((one) => whole(8, one)), field(20, 7)];
  return field(5, Buffer.concat([field(1, name), ...content]));
}

/** Negative numbers in two's complement. */
function whole(number: number, value: number): Buffer {
  if (value >= 0) return field(number, value);
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left >= 128n; left >>= 7n) bytes.push(Number(left & 127n) | 0x80);
  return Buffer.from([8 * number, ...bytes, Number(left)]);
}

function float(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = 8 * number + 5;
  bytes.writeFloatLE(value, 1);
  return bytes;
}

/** `op:inputs:outputs`, names apart by commas; a domain before the operator as `domain/op`. */
export function node(text: string, attributes: Readonly<Record<string, Value>> = {}, name = ""): Buffer {
  const [operator = "", inputs = "", outputs = ""] = text.split(":");
  const [domain, op] = operator.includes("/") ? operator.split("/") : ["", operator];
  return Buffer.concat([
    ...(inputs === "" ? [] : inputs.split(",").map((one) => field(1, one))),
    ...outputs.split(",").map((one) => field(2, one)),
    ...(name === "" ? [] : [field(3, name)]),
    field(4, op!),
    ...Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    ...(domain === "" ? [] : [field(7, domain!)]),
  ]);
}

/** A value of 32-bit floats with its dimensions; a text is one that may vary. */
function valueInfo(name: string, dimensions: readonly (number | string)[], type = 1): Buffer {
  const sizes = dimensions.map((size) =>
    field(1, typeof size === "number" ? field(1, size) : field(2, size)),
  );
  const tensorType = Buffer.concat([field(1, type), field(2, Buffer.concat(sizes))]);
  return Buffer.concat([field(1, name), field(2, field(1, tensorType))]);
}

/** @param whole  inputs that are of int64. */
export function graph(
  nodes: readonly Buffer[],
  initialisers: readonly Buffer[],
  inputs: Readonly<Record<string, readonly (number | string)[]>>,
  outputs: Readonly<Record<string, readonly (number | string)[]>>,
  whole: readonly string[] = [],
): Buffer {
  return Buffer.concat([
    ...nodes.map((one) => field(1, one)),
    field(2, "g"),
    ...initialisers.map((one) => field(5, one)),
    ...Object.entries(inputs).map(([name, sizes]) =>
      field(11, valueInfo(name, sizes, name === "if" ? 9 : whole.includes(name) ? 7 : 1)),
    ),
    ...Object.entries(outputs).map(([name, sizes]) => field(12, valueInfo(name, sizes))),
  ]);
}

/** A model that ONNX Runtime takes. @param functions  bodies of FunctionProto. */
export function model(content: Buffer, functions: readonly Buffer[] = []): Buffer {
  const opset = (domain: string, version: number): Buffer =>
    field(8, Buffer.concat([field(1, domain), field(2, version)]));
  return Buffer.concat([
    field(1, 8),
    field(7, content),
    opset("", 17),
    opset("com.microsoft", 1),
    opset("own", 1),
    ...functions.map((one) => field(25, one)),
  ]);
}
