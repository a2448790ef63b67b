import { badFile } from "../files/readFile.ts";
import type { Tensor } from "../files/tensor.ts";
import { counted } from "../src/counted.ts";
import { elementArrayOf } from "./elementArrays.ts";
import type { NetworkInputs } from "./inputFile.ts";
import type { InferenceSession } from "./onnxRuntime.ts";

/** An input of a network, as its file declares it. */
type Declared = Pick<InferenceSession.TensorValueMetadata, "name" | "shape" | "type">;

/** What one tensor of a run is made of. */
export interface FeedPart {
  readonly name: string;
  readonly type: string;
  readonly dimensions: readonly number[];
  readonly values: Float32Array;
}

/** One run of the network. */
export interface Feed {
  /** The first of the inputs that it runs on, and how many they are. */
  readonly first: number;
  readonly count: number;
  /** Rows of the batch, those that only fill it up included; undefined where an entry is a run of its own. */
  readonly rows: number | undefined;
  readonly parts: readonly FeedPart[];
}

export interface Feeds {
  /** Inputs in all. */
  readonly count: number;
  readonly runs: readonly (() => Feed)[];
}

/**
 * Says how a network is run on the arrays of a file: one entry an input, all of them alike. An entry either lacks the batch dimension, which
 * is the first of each of the network's inputs, and entries are then run many at a time; or it has every dimension of the network's
 * input, and is then a run of its own, as for a recurrent network whose states come in beside its sequence. A single number
 * goes into every run.
 *
 * @param network  its file, for messages.
 * @throws `bad-file` where names, shapes or numbers do not fit; it says what the network takes.
 */
export function feedsOf(
  network: string,
  metadata: readonly InferenceSession.ValueMetadata[],
  { file, arrays }: NetworkInputs,
): Feeds {
  const declared = metadata.map((one): Declared => {
    if (one.isTensor && elementArrayOf(one.type) !== undefined) return one;
    const takes = one.isTensor ? one.type : "no tensor";
    throw badFile(
      network,
      `its input ${one.name} is ${takes}, which cannot be given as numbers`,
      "Export it so.",
    );
  });
  const expected = `${network} takes ${declared.map(describe).join(", ")}`;
  const refuse = (what: string): never => {
    throw badFile(file, what, `${expected}.`);
  };
  const paired = pairedOf(declared, arrays, refuse);
  const found = paired.map(({ one, tensor }) => laidOut(one, tensor, refuse));
  const several = found.filter(({ mode }) => mode !== "constant");
  const [whole, rows] = (["whole", "row"] as const).map((mode) => several.find((one) => one.mode === mode));
  if (whole !== undefined && rows !== undefined) {
    refuse(
      `an entry of ${whole.name} has the network's batch dimension and one of ${rows.name} has not: give all of them alike`,
    );
  }
  const [first] = several;
  if (first === undefined)
    return refuse("it holds single numbers alone, and no array with one entry an input");
  const other = several.find(({ entries }) => entries !== first.entries);
  if (other !== undefined) {
    refuse(
      `${first.name} has ${counted(first.entries, "entry", "entries")} and ${other.name} ${other.entries}; it takes one an input in each`,
    );
  }
  const count = first.entries;
  if (count === 0) refuse("it holds no entry");
  const batch = whole === undefined ? batchOf(several, refuse) : { rows: 1, fixed: true };
  return {
    count,
    runs: Array.from({ length: Math.ceil(count / batch.rows) }, (_, run) => () => {
      const start = run * batch.rows;
      const some = Math.min(batch.rows, count - start);
      // A network of a fixed batch gets a whole one, filled up with zeros.
      const height = batch.fixed ? batch.rows : some;
      const parts = found.map((laid) => partOf(laid, start, some, height));
      return { first: start, count: some, rows: whole === undefined ? height : undefined, parts };
    }),
  };
}

interface Laid extends Declared {
  readonly mode: "row" | "whole" | "constant";
  readonly entries: number;
  /** Of one entry. */
  readonly dimensions: readonly number[];
  readonly values: Float32Array;
}

/** How an array goes into an input: by its number of dimensions. */
function laidOut(one: Declared, { shape, values }: Tensor, refuse: (what: string) => never): Laid {
  const { holds, words } = elementArrayOf(one.type)!;
  const at = values.findIndex((value) => !holds(value));
  if (at >= 0) refuse(`${one.name} takes ${words} (${one.type}), and its element ${at} is ${values[at]}`);
  if (shape.length === 0) return { ...one, mode: "constant", entries: 1, dimensions: [], values };
  const [entries, ...given] = shape as [number, ...number[]];
  const wanted = one.shape.map(sizeOf);
  const fits = (sizes: readonly (number | undefined)[]): boolean =>
    sizes.length === given.length && sizes.every((size, d) => size === undefined || size === given[d]);
  const [, ...row] = wanted;
  if (wanted.length > 0 && fits(row)) return { ...one, mode: "row", entries, dimensions: given, values };
  if (fits(wanted)) return { ...one, mode: "whole", entries, dimensions: given, values };
  // A picture may come as one line of numbers.
  const known = row.every((size) => size !== undefined) && wanted.length > 0;
  const numbers = row.reduce<number>((product, size) => product * (size ?? 1), 1);
  if (known && numbers === product(given))
    return { ...one, mode: "row", entries, dimensions: row as number[], values };
  return refuse(
    `an entry of ${one.name} is ${given.join(" × ") || "a single number"}, and the network takes ${describe(one)}`,
  );
}

/** How many entries a run takes. */
function batchOf(
  laid: readonly Laid[],
  refuse: (what: string) => never,
): { readonly rows: number; readonly fixed: boolean } {
  const fixed = laid.map(({ shape }) => sizeOf(shape[0])).find((size) => size !== undefined);
  if (fixed !== undefined) {
    if (fixed > mostRows) refuse(`the network takes ${fixed} entries at a time, more than ${mostRows}`);
    return { rows: fixed, fixed: true };
  }
  const numbers = laid.reduce((sum, { dimensions }) => sum + product(dimensions), 0);
  return { rows: Math.max(1, Math.min(usualRows, Math.floor(mostNumbers / numbers))), fixed: false };
}

/** What a run holds at a time is many times its inputs. */
const usualRows = 256;
const mostNumbers = 1 << 16;
/** A batch is filled up with zeros: a model's word for its size is not enough to make room. */
const mostRows = 4096;

function partOf(
  { name, type, mode, dimensions, values }: Laid,
  start: number,
  some: number,
  height: number,
): FeedPart {
  if (mode === "constant") return { name, type, dimensions, values };
  const size = product(dimensions);
  const own = values.subarray(start * size, (start + some) * size);
  if (mode === "whole") return { name, type, dimensions, values: own };
  const block = new Float32Array(height * size);
  block.set(own);
  return { name, type, dimensions: [height, ...dimensions], values: block };
}

function pairedOf(
  declared: readonly Declared[],
  arrays: NetworkInputs["arrays"],
  refuse: (what: string) => never,
): { readonly one: Declared; readonly tensor: Tensor }[] {
  const [only] = arrays;
  if (only !== undefined && only.name === undefined) {
    if (declared.length === 1) return [{ one: declared[0]!, tensor: only.tensor }];
    refuse("one array is not enough; give .npz with one array for each input, named after it");
  }
  const names = arrays.map(({ name }) => name).join(", ") || "none";
  const strange = arrays.find(({ name }) => !declared.some((one) => one.name === name));
  if (strange !== undefined) refuse(`the network has no input ${strange.name}`);
  return declared.map((one) => {
    const found = arrays.find(({ name }) => name === one.name);
    return found === undefined
      ? refuse(`it has no array ${one.name} (it has ${names})`)
      : { one, tensor: found.tensor };
  });
}

/** A dimension that may vary has a name, or a number that cannot be its size. */
function sizeOf(size: number | string | undefined): number | undefined {
  return typeof size === "number" && size > 0 && size < 2 ** 31 ? size : undefined;
}

/** `input_ids (int64, batch × 12)`. */
function describe({ name, type, shape }: Declared): string {
  const sizes = shape.map((size) => (typeof size === "string" ? size : (sizeOf(size) ?? "any")));
  return `${name} (${type}, ${sizes.join(" × ") || "a single number"})`;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}
