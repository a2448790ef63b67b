import { closeSync, copyFileSync, ftruncateSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { withFile } from "../files/byteSource.ts";
import { File, ready } from "../files/hdf5Runtime.ts";
import { npzIn } from "../files/npz.ts";
import type { LeftOut } from "../files/tensor.ts";
import { readWeights, type WeightOptions } from "../files/weights.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { safetensors } from "./support/safetensors.ts";
import { zipOf } from "./support/zip.ts";

removeFoldersAfterEach();

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/weights/${name}`, import.meta.url));
const matrix = Array.from({ length: 12 }, (_, i) => (8 * Math.floor(i / 4) + (i % 4) - 10) / 4);

async function read(path: string, options: WeightOptions = {}) {
  const leftOut: LeftOut[] = [];
  const layers = await readWeights(path, { onLeftOut: (one) => leftOut.push(one), ...options });
  return { layers: layers.map(({ name, inputs, outputs }) => [name, inputs, outputs]), leftOut, all: layers };
}

function written(name: string, content: Uint8Array | string): string {
  const path = join(emptyFolder(), name);
  writeFileSync(path, content);
  return path;
}

/** A safetensors file of any types. */
function tensorsOf(entries: Record<string, [dtype: string, shape: number[], bytes: number[]]>): Buffer {
  const header: Record<string, unknown> = {};
  let at = 0;
  for (const [name, [dtype, shape, bytes]] of Object.entries(entries))
    header[name] = { dtype, shape, data_offsets: [at, (at += bytes.length)] };
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...Object.values(entries).map(([, , bytes]) => Buffer.from(bytes))]);
}

describe("HDF5", () => {
  it("of a lab: packed, in either byte order, whole numbers and truth values; the rest is named", async () => {
    const { layers, leftOut, all } = await read(fixture("lab.h5"));
    expect(layers).toEqual(["big", "long", "packed", "truth"].map((name) => [name, 3, 4]));
    expect(all.map(({ values }) => [...values])).toEqual([
      matrix,
      matrix.map((value) => 4 * value),
      matrix,
      matrix.map((value) => (value > 0 ? 1 : 0)),
    ]);
    expect(leftOut).toEqual([
      { name: "complex", why: "it holds no plain numbers" },
      { name: "half", why: "its floats have 16 bits" },
    ]);
  });

  it("packed by a filter that HDF5 does not bring is left out by name, and spoils nothing", async () => {
    const { layers, leftOut } = await read(fixture("lzf.h5"));
    expect(layers).toEqual([["W", 3, 4]]);
    expect(leftOut).toEqual([{ name: "packed", why: "it is packed by lzf, which is not read" }]);
  });

  it("of Keras has its outputs last, when that is said, and an optimiser's memory is no weights", async () => {
    await expect(readWeights(fixture("keras.h5"))).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringMatching(
        /conv\/conv\/kernel:0 has 4 dimensions.*Say --orientation outputs-last/,
      ) as string,
    });
    const { layers, all } = await read(fixture("keras.h5"), { orientation: "outputs-last" });
    expect(layers).toEqual([
      ["model_weights/conv/conv/kernel:0", 6, 4],
      ["model_weights/dense/dense/kernel:0", 3, 4],
    ]);
    expect([...all[0]!.values]).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect([...all[1]!.values]).toEqual(matrix);
    const torch = await read(fixture("keras.h5"), { orientation: "outputs-first" });
    expect(torch.layers[0]).toEqual(["model_weights/conv/conv/kernel:0", 12, 2]);
  });

  it("of Keras is found again as it was said to stand, when a strategy of it is programmed", async () => {
    const strategy = join(emptyFolder(), "s.json");
    const chip = ["--chip", "emulator:pcm-64?state=none&tiles=2", "--dry-run"];
    const flags = ["--model", "pcm-90nm", "--times", "1", "--significance", "2", "--out", strategy];
    for (const orientation of ["hwio", "outputs-first"]) {
      const made = await mho("optimize", fixture("keras.h5"), ...flags, "--orientation", orientation);
      expect([made.code, made.err]).toEqual([0, ""]);
      expect(await mho("program", strategy, ...chip)).toMatchObject({ code: 0, err: "" });
    }
    const unknown = await mho("optimize", fixture("keras.h5"), ...flags, "--orientation", "sideways");
    expect(unknown.err).toContain("--orientation sideways: give outputs-first (torch, OIHW) or outputs-last");
    const onnx = await mho("optimize", fixture("gemm.onnx"), ...flags, "--orientation", "torch");
    expect([onnx.code, onnx.err]).toEqual([2, expect.stringContaining("Leave --orientation away.")]);
  });

  it("is not read where a link leads out of the file", async () => {
    await ready;
    const folder = emptyFolder();
    const path = join(folder, "linked.h5");
    copyFileSync(fixture("lab.h5"), join(folder, "other.h5"));
    const file = new File(path, "w");
    file.create_dataset({ name: "own", data: Float32Array.of(1, 2), shape: [2, 1] });
    file.create_external_link("other.h5", "packed", "link");
    file.close();
    const { layers, leftOut } = await read(path);
    expect(layers).toEqual([["own", 2, 1]]);
    expect(leftOut).toEqual([{ name: "link", why: "it stands in another file, other.h5" }]);
  });

  it("of MATLAB 7.3 is the matrix that MATLAB shows", async () => {
    const { layers, all } = await read(fixture("matlab.mat"));
    expect([layers, [...all[0]!.values]]).toEqual([[["W", 3, 4]], matrix]);
  });
});

describe("a file that is not read", () => {
  it.each([
    ["net.pth", "PK", /\.pth is no kind.*load_file|torch\.load\("FILE", weights_only=True\)/],
    ["net.gguf", "GGUF", /gguf\.GGUFReader/],
    ["net.mat", `MATLAB 5.0 MAT-file${" ".repeat(600)}`, /Level 5.*-v7\.3/],
    ["net.keras", "PK\x03\x04", /unzip FILE model\.weights\.h5/],
    ["net.h5", "nothing", /not an HDF5 file/],
    [
      "old.mat",
      Buffer.from(
        [0, 6, 4, 0, 2].flatMap((n) => [n, 0, 0, 0]).concat([...Buffer.from("W\0"), 0, 0, 0, 0, 0, 0]),
      ),
      /a MAT-file of Level 4, which is not read\. In MATLAB: save/,
    ],
    ["net.xlsx", "PK", /Save the sheet as CSV/],
  ])("%s is refused with what makes one that is", async (name, content, message) => {
    await expect(readWeights(written(name, content))).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringMatching(message) as string,
    });
  });

  it("has its lines below the message, to be copied", async () => {
    const { code, err } = await mho("optimize", written("net.pth", "PK"), "--model", "pcm-90nm");
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/In Python:\n {2}import torch; .*\n {2}save_file\(.*\)\n$/),
    ]);
  });
});

describe("an index of safetensors files", () => {
  const shard = (value: number): Buffer =>
    safetensors({ [`w${value}`]: { shape: [1, 2], values: [value, 2] } });
  const index = (places: Record<string, string>): string =>
    JSON.stringify({ metadata: {}, weight_map: places });

  it("gives the tensors of all of them, and reads those that are asked for", async () => {
    const path = written(
      "model.safetensors.index.json",
      index({ w1: "a.safetensors", w2: "b.safetensors", w3: "b.safetensors" }),
    );
    writeFileSync(join(path, "..", "a.safetensors"), shard(1));
    writeFileSync(join(path, "..", "b.safetensors"), shard(2));
    const { layers, leftOut } = await read(path);
    expect(layers.map(([name]) => name)).toEqual(["w1", "w2"]);
    expect(leftOut).toEqual([
      { name: "w3", why: "it does not stand in b.safetensors with a type that is read" },
    ]);
    expect((await read(path, { tensors: ["w2"] })).layers).toEqual([["w2", 2, 1]]);
  });

  it("of .bin files are refused with what makes safetensors of them", async () => {
    const path = written("pytorch_model.bin.index.json", index({ w: "pytorch_model-00001-of-00002.bin" }));
    await expect(readWeights(path)).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringMatching(/index of \.bin files[\s\S]*\n {2}AutoModel\.from_pretrained/) as string,
    });
  });

  it.each(["../a.safetensors", "/etc/passwd", "x/a.safetensors", "a.bin"])(
    "never looks at %s",
    async (place) => {
      const path = written("model.safetensors.index.json", index({ w: place }));
      await expect(readWeights(path)).rejects.toMatchObject({
        code: "bad-file",
        message: expect.stringContaining("which is no .safetensors file beside it") as string,
      });
    },
  );
});

describe("safetensors", () => {
  it("of 8-bit floats and whole numbers are read", async () => {
    const path = written(
      "w.safetensors",
      tensorsOf({
        a: ["F8_E4M3", [2, 3], [0x38, 0xb8, 0x08, 0x01, 0x7e, 0]],
        b: ["F8_E5M2", [2, 2], [0x3c, 0xc0, 0x01, 0x7b]],
        c: ["I8", [1, 2], [0xff, 127]],
        d: ["U16", [1, 2], [1, 1, 255, 255]],
        e: ["BOOL", [1, 2], [0, 1]],
      }),
    );
    const { all } = await read(path);
    expect([...all[0]!.values]).toEqual([1, 2 ** -9, -1, 448, 2 ** -6, 0]);
    expect([...all[1]!.values]).toEqual([1, 2 ** -16, -2, 57_344]);
    expect(all.slice(2).map(({ values }) => [...values])).toEqual([
      [-1, 127],
      [257, 65_535],
      [0, 1],
    ]);
  });

  it.each([
    [{ w: ["F4", [2, 2], [1, 2]] }, "its type F4 is not read"],
    [
      { w: ["I8", [2, 2], [1, 2, 3, 4]], w_scale: ["F32", [], [0, 0, 0, 0]] },
      "it is scaled by w_scale, which is not applied",
    ],
    [
      { w: ["F8_E4M3", [2, 2], [1, 2, 3, 4]], w_scale_inv: ["F32", [1, 1], [0, 0, 0, 0]] },
      "it is scaled by w_scale_inv, which is not applied",
    ],
  ] as [Parameters<typeof tensorsOf>[0], string][])("%j: w is left out by name", async (entries, why) => {
    const path = written("w.safetensors", tensorsOf({ ok: ["I8", [1, 1], [5]], ...entries }));
    const { leftOut } = await read(path);
    expect(leftOut.find(({ name }) => name === "w")).toEqual({ name: "w", why });
  });

  it.each([
    ["transformers", "q.weight", "F8_E4M3", "q.weight_scale_inv", []],
    ["compressed-tensors", "q.weight_packed", "I32", "q.weight_scale", ["q.weight_shape"]],
    ["GPTQ", "q.qweight", "I32", "q.scales", ["q.qzeros"]],
    ["bitsandbytes", "q.weight", "U8", "q.weight.absmax", ["q.weight.quant_map"]],
    ["HQQ", "q.W_q", "U8", "q.scale", ["q.zero"]],
  ] as const)("that %s quantised give neither the codes nor their scales as weights", async (...of) => {
    const [, whole, type, scale, others] = of;
    const bytes = type === "I32" ? 16 : 4;
    const entries: Parameters<typeof tensorsOf>[0] = {
      ok: ["I8", [1, 1], [5]],
      "norm.scale": ["I8", [1, 1], [5]],
      [whole]: [type, [2, 2], Array.from({ length: bytes }, () => 1)],
    };
    for (const part of [scale, ...others]) entries[part] = ["F32", [2, 1], [0, 0, 0, 0, 0, 0, 0, 0]];
    const { layers, leftOut } = await read(written("w.safetensors", tensorsOf(entries)));
    expect(new Set(layers.map(([name]) => name))).toEqual(new Set(["norm.scale", "ok"]));
    expect(leftOut.find(({ name }) => name === whole)?.why).toBe(
      `it is scaled by ${scale}, which is not applied`,
    );
    expect(leftOut.find(({ name }) => name === scale)?.why).toBe(
      `it belongs to ${whole}, which is quantised`,
    );
  });

  it("whose header names a tensor twice are refused", async () => {
    const once = '"w":{"dtype":"I8","shape":[1,2],"data_offsets":[0,2]}';
    const json = Buffer.from(`{${once},${once.replace("1,2", "2,1")}}`);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    const path = written("w.safetensors", Buffer.concat([length, json, Buffer.from([1, 2])]));
    await expect(readWeights(path)).rejects.toThrow(/its header has "w" twice/);
  });

  it("with a NaN elsewhere give what is asked for, and refuse it by name where it is", async () => {
    const path = written(
      "w.safetensors",
      safetensors({ running: { shape: [1, 2], values: [1, NaN] }, w: { shape: [1, 2], values: [1, 2] } }),
    );
    expect((await read(path, { tensors: ["w"] })).layers).toEqual([["w", 2, 1]]);
    await expect(readWeights(path)).rejects.toThrow(/tensor running holds NaN at element 1/);
  });

  it("of more than 2 GiB are read by ranges, as numpy's are", async () => {
    const far = 3 * 2 ** 30;
    const header = Buffer.from(
      JSON.stringify({
        large: { dtype: "U8", shape: [3, 2 ** 30], data_offsets: [0, far] },
        w: { dtype: "F32", shape: [1, 2], data_offsets: [far, far + 8] },
      }),
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const path = written("w.safetensors", Buffer.concat([length, header]));
    const file = openSync(path, "r+");
    ftruncateSync(file, 8 + header.length + far);
    writeSync(file, Buffer.from(Float32Array.of(1.5, -2).buffer), 0, 8, 8 + header.length + far);
    closeSync(file);
    const { all } = await read(path, { tensors: ["w"] });
    expect([...all[0]!.values]).toEqual([1.5, -2]);
  });
});

describe("numpy", () => {
  const npy = (header: string, data: Uint8Array): Buffer => {
    const text = Buffer.from(`${header}\n`);
    return Buffer.concat([
      Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0]),
      text,
      data,
    ]);
  };
  const floats = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);

  it.each(["(3L, 2L)", "(3L, 2L,)", "(3, 2)", "( 3L , 2L )"])(
    "of Python 2 has the shape %s",
    async (shape) => {
      const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
      expect((await read(written("w.npy", npy(header, floats)))).layers).toEqual([["w", 3, 2]]);
    },
  );

  it.each(["(3L2,)", "(L, 2)", "(3,, 2)"])("has no shape %s", async (shape) => {
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
    await expect(readWeights(written("w.npy", npy(header, floats)))).rejects.toThrow(/its header is damaged/);
  });

  it.each(["|O", "<U3", "<c8", "<M8[ns]"])(
    "archives with a member of %s give the others, and name it",
    async (type) => {
      const good = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", floats);
      const other = npy(
        `{'descr': '${type}', 'fortran_order': False, 'shape': (1, 1), }`,
        new Uint8Array(64),
      );
      const path = written(
        "w.npz",
        zipOf([
          { name: "bad.npy", data: other },
          { name: "W.npy", data: good },
        ]),
      );
      expect((await read(path, { tensors: ["W"] })).layers).toEqual([["W", 3, 2]]);
      expect(await read(path)).toMatchObject({
        layers: [["W", 3, 2]],
        leftOut: [{ name: "bad", why: `it holds ${type}, not plain numbers` }],
      });
      await expect(readWeights(path, { tensors: ["bad"] })).rejects.toThrow(
        /tensor bad cannot be read: it holds/,
      );
    },
  );

  it("archives with two members of one name give neither, and name it", async () => {
    const good = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", floats);
    const names = ["W.npy", "V.npy", "W.npy"];
    const path = written("w.npz", zipOf(names.map((name) => ({ name, data: good }))));
    expect(await read(path)).toMatchObject({
      layers: [["V", 3, 2]],
      leftOut: [{ name: "W", why: "several members have this name" }],
    });
  });

  it("archives whose other member is damaged give the one that is asked for", async () => {
    const good = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", floats);
    const path = written(
      "w.npz",
      zipOf([
        { name: "W.npy", data: good },
        { name: "cut.npy", data: good, declaredBytes: 999 },
      ]),
    );
    expect((await read(path, { tensors: ["W"] })).layers).toEqual([["W", 3, 2]]);
    await expect(readWeights(path, { tensors: ["cut"] })).rejects.toThrow(/its member cut\.npy is damaged/);
    const { tensors } = await withFile(path, (source) => npzIn(source, path));
    expect(tensors.map(({ name }) => name)).toEqual(["W", "cut"]);
  });
});
