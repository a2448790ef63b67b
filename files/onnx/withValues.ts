import { type Field, fieldsOf } from "../protobuf.ts";

/** A value of a graph that is to be stored instead of worked out. */
export interface GivenValue {
  readonly name: string;
  readonly dimensions: readonly number[];
  /** ONNX's number of its type: FLOAT or DOUBLE. */
  readonly dataType: number;
  readonly values: Float32Array;
}

/** The same model, in which these values are initialisers, and the nodes that made them are gone. */
export function withValues(model: Uint8Array, values: readonly GivenValue[]): Uint8Array {
  const names = new Set(values.map(({ name }) => name));
  return joined(
    [...rawFields(model)].map((field) =>
      field.number === 7 ? message(7, joined(graphParts(field.bytes, names, values))) : field.raw,
    ),
  );
}

function graphParts(
  graph: Uint8Array,
  names: ReadonlySet<string>,
  values: readonly GivenValue[],
): Uint8Array[] {
  const text = new TextDecoder();
  /** A node's outputs, and an initialiser's name. */
  const nameField: Readonly<Record<number, number>> = { 1: 2, 5: 8 };
  const kept: Uint8Array[] = [];
  for (const field of rawFields(graph)) {
    const wanted = nameField[field.number];
    const own =
      wanted === undefined ? [] : [...fieldsOf(field.bytes)].filter(({ number }) => number === wanted);
    const gone = own.filter(({ bytes }) => names.has(text.decode(bytes)));
    if (gone.length === 0) kept.push(field.raw);
    else if (gone.length < own.length) kept.push(message(field.number, renamed(field.bytes, wanted!, names)));
  }
  return [...kept, ...values.map((value) => message(5, tensorOf(value)))];
}

/** A node that goes on giving its other outputs: these get names that no node takes. */
function renamed(node: Uint8Array, outputs: number, names: ReadonlySet<string>): Uint8Array {
  const text = new TextDecoder();
  return joined(
    [...rawFields(node)].map(({ number, bytes, raw }) =>
      number === outputs && names.has(text.decode(bytes))
        ? message(outputs, new TextEncoder().encode(`${text.decode(bytes)} unused`))
        : raw,
    ),
  );
}

function tensorOf({ name, dimensions, dataType, values }: GivenValue): Uint8Array {
  const numbers = dataType === 11 ? Float64Array.from(values) : values;
  const raw = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return joined([
    message(1, Uint8Array.from(dimensions.flatMap(varint))),
    Uint8Array.from([...varint(8 * 2), ...varint(dataType)]),
    message(8, new TextEncoder().encode(name)),
    message(9, raw),
  ]);
}

/** The fields of a message with the bytes that they take, key and length included. */
function* rawFields(bytes: Uint8Array): Generator<Field & { readonly raw: Uint8Array }> {
  for (const field of fieldsOf(bytes)) yield { ...field, raw: bytes.subarray(field.start, field.end) };
}

function message(number: number, content: Uint8Array): Uint8Array {
  return joined([Uint8Array.from([...varint(8 * number + 2), ...varint(content.length)]), content]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return [...bytes, left];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
