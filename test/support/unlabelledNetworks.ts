import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { npyBytes } from "../../files/npyWriter.ts";
import { normalOf, Random } from "../../src/random.ts";
import { graph, model, node, stored } from "./onnx.ts";

/** Numbers, and a shape for them. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** An archive of 32-bit floats, as `numpy.savez` writes it. */
export function npz(path: string, arrays: Readonly<Record<string, Numbers>>): string {
  const members = Object.entries(arrays).map(([name, { shape, values }]) => [
    `${name}.npy`,
    npyBytes(shape, Float32Array.from(values)),
  ]);
  // Of no array at all there is something to find, too.
  const none = members.length === 0 ? { "readme.txt": strToU8("nothing") } : {};
  writeFileSync(path, zipSync({ ...(Object.fromEntries(members) as Record<string, Uint8Array>), ...none }));
  return path;
}

export function npy(path: string, { shape, values }: Numbers): string {
  writeFileSync(path, npyBytes(shape, Float32Array.from(values)));
  return path;
}

export const vocabulary = 6;
export const width = 3;
export const outputs = 4;

/** Of each word, row by row. */
export const words = numbers(vocabulary * width, 1);
/** Inputs on rows. */
export const matrix = numbers(width * outputs, 2);

/** The sum of the embeddings of the tokens that the mask leaves, through one matrix. Its second output is one number an input. */
export function encoder(folder: string): string {
  const nodes = [
    node("Gather:words,ids:each"),
    node("Cast:mask:real", { to: 1 }),
    node("Unsqueeze:real,last:column"),
    node("Mul:each,column:present"),
    node("ReduceSum:present,tokens:sum", { keepdims: 0 }),
    node("MatMul:sum,weights:out"),
    node("ReduceSum:out,tokens:total"),
  ];
  const initialisers = [
    stored("words", [vocabulary, width], "f4", words),
    stored("weights", [width, outputs], "f4", matrix),
    stored("last", [1], "i8", [2]),
    stored("tokens", [1], "i8", [1]),
  ];
  const inputs = { ids: ["n", "t"], mask: ["n", "t"] };
  const path = join(folder, "encoder.onnx");
  const made = { out: ["n", outputs], total: ["n", 1] };
  writeFileSync(path, model(graph(nodes, initialisers, inputs, made, ["ids", "mask"])));
  return path;
}

/** Each step of a sequence through one matrix, and a state that is added to all of them. */
export function sequencer(folder: string): string {
  const nodes = [node("MatMul:steps,weights:through"), node("Add:through,state:out")];
  const inputs = { steps: ["t", width], state: [1, outputs] };
  const path = join(folder, "sequencer.onnx");
  const initialisers = [stored("weights", [width, outputs], "f4", matrix)];
  writeFileSync(path, model(graph(nodes, initialisers, inputs, { out: ["t", outputs] })));
  return path;
}

/** One layer that fits a corner of a tile, and another that may stay in software; no labels. */
export function smallestNetwork(folder: string): { readonly onnx: string; readonly inputs: string } {
  const nodes = [node("MatMul:x,first:wide"), node("Relu:wide:some"), node("MatMul:some,second:y")];
  const initialisers = [
    stored("first", [64, 12], "f4", numbers(768, 3)),
    stored("second", [12, 5], "f4", numbers(60, 4)),
  ];
  const onnx = join(folder, "smallest.onnx");
  writeFileSync(onnx, model(graph(nodes, initialisers, { x: ["n", 64] }, { y: ["n", 5] })));
  return { onnx, inputs: npy(join(folder, "x.npy"), { shape: [30, 64], values: numbers(30 * 64, 5) }) };
}

function numbers(count: number, stream: number): number[] {
  const random = new Random(3).fork("numbers");
  // As 32-bit floats have them.
  return Array.from({ length: count }, (_, i) => Math.fround(0.4 * normalOf(random.at(i, stream).word0)));
}
