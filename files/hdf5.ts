import { resolve } from "node:path";
import { withFile } from "./byteSource.ts";
import { Dataset, type Entity, File, Group, Module, ready } from "./hdf5Runtime.ts";
import { rowMajor } from "./npy.ts";
import { badFile } from "./readFile.ts";
import { type Catalogue, countOf, type FoundTensor, type LeftOut } from "./tensor.ts";

/**
 * The datasets of an HDF5 file (Keras' `.h5`, lab data, MATLAB's version 7.3), by their paths. Of more than two dimensions the file does
 * not say which one counts outputs. What stands in other files is not read. Throws `bad-file`.
 */
export async function withHdf5<T>(path: string, work: (found: Catalogue) => Promise<T>): Promise<T> {
  const matlab = await refuseOtherKinds(path);
  await ready;
  // Instead of printing them.
  Module.activate_throwing_error_handler();
  const file = explained(path, () => new File(resolve(path), "r"));
  try {
    const found = explained(path, () => catalogueOf(file, path, matlab));
    return await work(found);
  } finally {
    file.close();
  }
}

/** Whether it is MATLAB's, whose arrays run along columns. Throws `bad-file` for what is no HDF5. */
async function refuseOtherKinds(path: string): Promise<boolean> {
  const begin = await withFile(path, (source) => source.read(0, Math.min(source.bytes, 520)));
  const text = Buffer.from(begin).toString("latin1");
  const signature = "\x89HDF\r\n\x1a\n";
  const level = text.startsWith("MATLAB 5.0 MAT-file") ? 5 : isLevel4(begin) ? 4 : undefined;
  if (level !== undefined) {
    throw badFile(
      path,
      `it is a MAT-file of Level ${level}, which is not read`,
      'In MATLAB: save("FILE", "-v7.3"). In Python:\n  import numpy, scipy.io\n' +
        '  numpy.savez("weights.npz", **{k: v for k, v in scipy.io.loadmat("FILE").items() if k[0] != "_"})',
    );
  }
  if (text.startsWith("PK")) {
    throw badFile(
      path,
      "it is a .keras archive",
      "Take model.weights.h5 out of it: unzip FILE model.weights.h5",
    );
  }
  if (text.startsWith(signature)) return false;
  if (text.startsWith(signature, 512)) return text.startsWith("MATLAB");
  throw badFile(path, "it is not an HDF5 file, or it is damaged or cut", "Save or copy it again.");
}

/** Whether bytes begin as a variable of MATLAB 4 does: type, rows, columns, whether it is complex, and the length of its name. */
function isLevel4(bytes: Uint8Array): boolean {
  if (bytes.length < 24) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return [true, false].some((little) => {
    const [type, rows, columns, imaginary, letters] = [0, 4, 8, 12, 16].map((at) =>
      view.getUint32(at, little),
    );
    const known = type! < 2000 && type! % 100 <= 52 && rows! > 0 && columns! > 0;
    return known && imaginary! <= 1 && letters! >= 2 && letters! <= 64 && bytes[19 + letters!] === 0;
  });
}

/** Groups inside groups, and members in all: a group may hold itself. */
const mostLevels = 32;
const mostMembers = 65_536;

function catalogueOf(file: File, path: string, matlab: boolean): Catalogue {
  const tensors: FoundTensor[] = [];
  const leftOut: LeftOut[] = [];
  let members = 0;
  const visit = (group: Group, prefix: string, level: number): void => {
    for (const key of group.keys()) {
      if (level > mostLevels || ++members > mostMembers)
        throw badFile(path, "its groups have no end", "Save it again with the weights alone.");
      const name = `${prefix}${key}`;
      // Of Keras: momenta and the like, which no network multiplies by.
      if (/^(?:optimizer_weights|optimizer)$/.test(name)) continue;
      const { filename: elsewhere } = group.get_external_link(`/${name}`);
      if (elsewhere !== undefined) {
        leftOut.push({ name, why: `it stands in another file, ${elsewhere}` });
        continue;
      }
      const entity: Entity | null = group.get(key);
      if (entity instanceof Group) visit(entity, `${name}/`, level + 1);
      else if (entity instanceof Dataset) {
        const found = tensorOf(entity, name, path, matlab);
        if ("why" in found) leftOut.push(found);
        else tensors.push(found);
      }
    }
  };
  visit(file, "", 0);
  return { tensors, leftOut: leftOut.filter(({ name }) => !name.startsWith("#refs#")) };
}

/** Those that come with HDF5: deflate, shuffle, a checksum, n-bit, and scale and offset. */
const knownFilters = new Set([1, 2, 3, 5, 6]);

/** HDF5's classes of types. */
const classes = { whole: 0, real: 1, named: 8 } as const;

function tensorOf(dataset: Dataset, name: string, path: string, matlab: boolean): FoundTensor | LeftOut {
  const { type, size, virtual_sources: elsewhere = [], enum_type: names } = dataset.metadata;
  const shape = dataset.shape ?? [];
  const truth =
    type === classes.named &&
    Object.keys(names?.members ?? {})
      .sort()
      .join() === "FALSE,TRUE";
  const numbers = truth || type === classes.whole || (type === classes.real && (size === 4 || size === 8));
  const unknown = dataset.filters.find(({ id }) => !knownFilters.has(id));
  if (unknown !== undefined)
    return { name, why: `it is packed by ${unknown.name || "a filter"}, which is not read` };
  if (elsewhere.length > 0) return { name, why: "it is made of other files" };
  if (!numbers)
    return {
      name,
      why: type === classes.real ? `its floats have ${8 * size} bits` : "it holds no plain numbers",
    };
  return {
    name,
    shape: matlab ? shape.toReversed() : shape,
    order: shape.length > 2 ? undefined : "inputs-first",
    read: () =>
      Promise.resolve().then(() => {
        const values = explained(path, () => numbersOf(dataset, shape));
        return matlab ? rowMajor(values, shape.toReversed()) : values;
      }),
  };
}

const atATimeBytes = 1 << 26;

/** Some slices of the first dimension after the other: a dataset may be larger than the memory of WebAssembly. */
function numbersOf(dataset: Dataset, shape: readonly number[]): Float32Array {
  const count = countOf(shape);
  const rows = shape[0] ?? 1;
  const step = Math.max(1, Math.floor(atATimeBytes / ((8 * count) / rows)));
  if (shape.length === 0 || step >= rows) return floatsOf(dataset.value, count);
  const values = new Float32Array(count);
  for (let first = 0; first < rows; first += step) {
    const until = Math.min(rows, first + step);
    const some = dataset.slice([[first, until], ...shape.slice(1).map((): [] => [])]);
    values.set(floatsOf(some, ((until - first) * count) / rows), (first * count) / rows);
  }
  return values;
}

function floatsOf(value: unknown, count: number): Float32Array {
  const values =
    typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
      ? Float32Array.of(Number(value))
      : ArrayBuffer.isView(value) && !(value instanceof DataView)
        ? Float32Array.from(value as unknown as ArrayLike<number | bigint>, Number)
        : undefined;
  if (values?.length !== count) throw new Error("its numbers are not as many as its shape says");
  return values;
}

/** What the library throws, in a sentence. */
function explained<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && error.name === "MhoError") throw error;
    throw badFile(
      path,
      "HDF5 cannot read it: it is damaged, cut, or packed by a filter that is not known",
      "Save or copy it again.",
      error,
    );
  }
}
