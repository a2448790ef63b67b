import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "./crc32.ts";
import { withCatalogue } from "../../files/catalogue.ts";
import { parseCsv } from "../../files/csv.ts";
import { isFusionCsv, parseFusionCsv } from "../../files/fusionCsv.ts";
import { sourceOf } from "../../files/byteSource.ts";
import { npyIn } from "../../files/npy.ts";
import { npzIn } from "../../files/npz.ts";
import { onnxOf } from "../../files/onnx/model.ts";
import { safetensorsIn } from "../../files/safetensors.ts";
import type { Catalogue } from "../../files/tensor.ts";
import { textOf } from "../../files/text.ts";
import { graph, model, node, stored } from "../support/onnx.ts";
import { weightsFixture } from "./fixtures.ts";
import { type OpenSurface, surface, utf8 } from "./surface.ts";

const fixtures = (...names: string[]): Uint8Array[] => names.map(weightsFixture);

const onnx = [
  "anonymous",
  "bf16",
  "constant",
  "conv",
  "external",
  "f16",
  "float-data",
  "gemm-turned",
  "gru",
  "lstm",
  "matmul",
  "transposed",
].map((name) => `${name}.onnx`);

export const weightFileSurfaces = [
  surface("npy", 600, () => ({
    corpus: fixtures(
      "bf16.npy",
      "c-f4.npy",
      "f8-big.npy",
      "fortran-cube.npy",
      "i2-big.npy",
      "scalar.npy",
      "version-3.npy",
    ),
    language: "binary",
    feed: async (bytes) => (await (await npyIn(sourceOf(bytes), "given.npy")).read()).length > 0,
  })),
  surface("npz", 240, () => ({
    corpus: fixtures("deflated.npz", "stored.npz", "streamed.npz", "zip64.npz"),
    language: "binary",
    repair: withRightChecksums,
    feed: async (bytes) => allRead(await npzIn(sourceOf(bytes), "given.npz")),
  })),
  surface("safetensors", 180, () => ({
    corpus: fixtures("torch-bf16.safetensors", "torch-f16.safetensors", "torch-f64.safetensors"),
    language: "json",
    repair: withRightHeaderLength,
    feed: async (bytes) => allRead(await safetensorsIn(sourceOf(bytes), "given.safetensors")),
  })),
  surface("onnx", 120, openOnnx),
  surface("hdf5", 6, () => openFiles("given.h5", fixtures("keras.h5", "lab.h5", "matlab.mat"))),
  surface("safetensors-index", 30, () =>
    openFiles("given.safetensors.index.json", [
      utf8('{"weight_map":{"linear.weight":"given.safetensors","w":"given.safetensors"}}'),
    ]),
  ),
  surface("csv", 550, () => ({
    corpus: [
      ...fixtures("headed.csv", "plain.csv"),
      utf8("# µS\na;b\n1;nan\n-2e-3;4,5\r\n"),
      utf8(',"o\n0",o1\n0,0.25,"1"\n1,2.5,3\n#N/A'),
      Uint8Array.from(Buffer.from("\ufeffsep=;\r\n0,5;1\r\n", "utf16le")),
    ],
    language: "text",
    feed: (bytes) => parseCsv(textOf(bytes, "given.csv"), "given.csv", true).values.length > 0,
  })),
  surface("fusion-csv", 450, {
    corpus: [
      utf8("2,4\nAnalogLinear,AnalogLinear\n2,4\n1,2\n2,2\nfc1,fc2\n1,2\n3,4,5,6.5\n"),
      utf8("6\nAnalogConv2d\n6\n2\n3\nconv\n1,2,3,4,5,0\n"),
    ],
    language: "text",
    feed(bytes) {
      const text = new TextDecoder().decode(bytes);
      return isFusionCsv(text) && parseFusionCsv(text, "given.csv").length > 0;
    },
  }),
];

/** Reads every tensor. @returns whether there is one. */
async function allRead({ tensors }: Catalogue): Promise<boolean> {
  for (const one of tensors) await one.read();
  return tensors.length > 0;
}

/** Weights that have to be worked out, and some that are left out. */
function foldedModels(): Uint8Array[] {
  const values = [1, -2, 3, 4, 5, -6];
  const product = node("MatMul:x,w:y");
  const of = (nodes: readonly Buffer[], tensors: readonly Buffer[]): Uint8Array =>
    model(graph([...nodes, product], tensors, { x: [1, 3] }, { y: [1, 2] }));
  const branch = graph([node("MatMul:x,v:o")], [], {}, { o: [1, 2] });
  return [
    of(
      [node("Transpose:q,:t", { perm: [1, 0] }), node("DequantizeLinear:t,s,z:w", { axis: -1 })],
      [
        stored("q", [2, 3], "i1", values),
        stored("s", [2], "f4", [0.5, 0.25]),
        stored("z", [2], "i1", [1, 0]),
      ],
    ),
    of(
      [
        node("Reshape:v,h:r"),
        node("Mul:r,s:m"),
        node("Pow:m,p:w"),
        node("If:c:k", { then_branch: { graph: branch } }),
      ],
      [
        stored("v", [6], "f4", values),
        stored("h", [2], "i8", [3, -1]),
        stored("s", [1, 2], "f4", [2, 3]),
        stored("p", [], "f4", [2]),
        stored("c", [], "u1", [1]),
      ],
    ),
    model(
      graph(
        [product],
        [stored("w", [2, 3, 2], "f4", [...values, ...values])],
        { x: [1, 3] },
        { y: [2, 1, 2] },
      ),
    ),
  ];
}

/** Readers that open their file themselves. */
function openFiles(name: string, corpus: readonly Uint8Array[]): OpenSurface {
  const folder = mkdtempSync(join(tmpdir(), "mho-fuzz-"));
  writeFileSync(join(folder, "given.safetensors"), weightsFixture("torch-f32.safetensors"));
  const path = join(folder, name);
  return {
    corpus,
    language: name.endsWith("json") ? "json" : "binary",
    feed(bytes) {
      writeFileSync(path, bytes);
      return withCatalogue(path, allRead);
    },
    close: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  };
}

/** In a folder of its own, with the file that external data are kept in. */
function openOnnx(): OpenSurface {
  const folder = mkdtempSync(join(tmpdir(), "mho-fuzz-"));
  writeFileSync(join(folder, "external.bin"), weightsFixture("external.bin"));
  return {
    corpus: [...fixtures(...onnx), ...foldedModels()],
    language: "binary",
    feed: async (bytes) => allRead(await onnxOf(bytes, join(folder, "given.onnx"))),
    close: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  };
}

/** Of the members that stand in the directory where they should: what was damaged inside them is not to be found by its sum. */
function withRightChecksums(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let at = 0; at + 46 <= copy.length; at++) {
    if (copy[at] !== 0x50 || view.getUint32(at, true) !== 0x02014b50) continue;
    const header = view.getUint32(at + 42, true);
    if (view.getUint16(at + 10, true) !== 0 || header + 30 > copy.length) continue;
    const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
    const data = copy.subarray(start, start + view.getUint32(at + 20, true));
    view.setUint32(at + 16, crc32(data), true);
  }
  return copy;
}

function withRightHeaderLength(bytes: Uint8Array): Uint8Array {
  const end = bytes.lastIndexOf(0x7d);
  if (end < 8) return bytes;
  const copy = bytes.slice();
  new DataView(copy.buffer).setBigUint64(0, BigInt(end + 1 - 8), true);
  return copy;
}
