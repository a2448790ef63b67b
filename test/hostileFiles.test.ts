import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serialize } from "node:v8";
import { describe, expect, it } from "vitest";
import { reviveChip } from "../lab/keptChip.ts";
import { examine } from "../lab/replay/replay.ts";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { pcm64 } from "../emulator/presets.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { readFaults } from "../files/faults.ts";
import { isFusionCsv, parseFusionCsv } from "../files/fusionCsv.ts";
import { readModel } from "../files/model.ts";
import { readStrategy } from "../files/strategy.ts";
import { readWeights } from "../files/weights.ts";
import { summarise } from "../src/results/summary.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { DatabaseSync } from "@photostructure/sqlite";
import { bake, keptChip } from "./fuzz/keptChips.ts";
import { smallWorkspace } from "./fuzz/workspaces.ts";
import { forgetChecksums } from "./support/forgetChecksums.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { keptIn, onnxOf, tensor } from "./support/onnx.ts";
import { safetensors } from "./support/safetensors.ts";
import { zipOf } from "./support/zip.ts";

removeFoldersAfterEach();

/** Puts a file into a folder of its own and looks that reading it leaves nothing behind. */
async function refusedAs(name: string, bytes: Uint8Array | string, wrong: RegExp): Promise<void> {
  const path = join(emptyFolder(), name);
  writeFileSync(path, bytes);
  const folder = join(path, "..");
  const before = readdirSync(join(folder, ".."));
  await expect(readWeights(path)).rejects.toMatchObject({
    code: "bad-file",
    message: expect.stringMatching(wrong) as string,
    facts: { file: expect.stringContaining(path) as string },
  });
  expect(readdirSync(folder)).toEqual([name]);
  expect(readdirSync(join(folder, "..")).filter((one) => !before.includes(one) && /owned/.test(one))).toEqual(
    [],
  );
}

function npy(shape: string, data: Uint8Array, headerBytes?: number, order = "False"): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': ${order}, 'shape': (${shape}), }\n`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0, 0, 0, 0, 0]);
  start.writeUInt32LE(headerBytes ?? header.length, 8);
  return Buffer.concat([start, Buffer.from(header), data]);
}

describe("an archive that would fill the memory", () => {
  const zeros = npy("1000, 1000", new Uint8Array(4_000_000));

  it("is refused by what it declares, before it is unpacked", async () => {
    const data = npy("4096, 4100", new Uint8Array(4 * 4096 * 4100));
    const bomb = zipOf([{ name: "w.npy", data }]);
    expect(bomb.length).toBeLessThan(70_000);
    await refusedAs("bomb.npz", bomb, /bomb\.npz: its \d+ bytes would unpack to 671\d{5}\./);
  });

  it("and declares little is refused when it unpacks to more", async () => {
    const bomb = zipOf([{ name: "w.npy", data: zeros, declaredBytes: 100 }]);
    await refusedAs("bomb.npz", bomb, /bomb\.npz: its member w\.npy is damaged/);
  });

  it("and names one member a thousand times is refused", async () => {
    const bomb = zipOf([{ name: "w.npy", data: zeros.subarray(0, 1_000_000) }], 1000);
    await refusedAs("bomb.npz", bomb, /its \d+ bytes would unpack to 1000000000/);
  });

  it("inside another is none of what is read", async () => {
    const bomb = zipOf([{ name: "inner.npz", data: zipOf([{ name: "w.npy", data: zeros }]) }]);
    await refusedAs("bomb.npz", bomb, /bomb\.npz: it holds no weight matrix/);
  });

  it("is not taken for one that is just full of zeros", async () => {
    const path = join(emptyFolder(), "zeros.npz");
    writeFileSync(path, zipOf([{ name: "w.npy", data: zeros }]));
    expect(await readWeights(path)).toMatchObject([{ name: "w", inputs: 1000, outputs: 1000 }]);
  });
});

describe("a length that cannot be", () => {
  const few = new Uint8Array(64);

  it.each([
    ["a header of 2^32 bytes", npy("4, 4", few, 0xffff_ffff), /is cut inside its header/],
    ["a shape beyond 2^53", npy("9007199254740993, 4", few), /is cut: its shape needs/],
    ["a shape beyond all numbers", npy(`${"9".repeat(400)}, 0`, few), /is cut: its shape needs/],
    ["a shape that overflows to nothing", npy("4294967296, 4294967296", few), /is cut: its shape needs/],
    ["10,000 dimensions", npy("1,".repeat(10_000), few, undefined, "True"), /it has 10000 dimensions/],
  ])("%s is refused in a .npy file", (_, bytes, wrong) => refusedAs("given.npy", bytes, wrong));

  it("a header of 2^63 bytes is refused in a .safetensors file", async () => {
    const bytes = safetensors({ w: { shape: [1, 2], values: [1, 2] } });
    bytes.writeBigUInt64LE(1n << 63n);
    await refusedAs("given.safetensors", bytes, /it is not a safetensors file/);
    bytes.writeBigUInt64LE(90_000_000n);
    await refusedAs("given.safetensors", bytes, /it is cut inside its header/);
  });

  it("tensors that share their bytes are refused in a .safetensors file: ten thousand could", async () => {
    const entry = '{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}';
    const header = `{${["a", "b"].map((name) => `"${name}":${entry}`).join(",")}}`;
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const bytes = Buffer.concat([length, Buffer.from(header), Buffer.alloc(16)]);
    await refusedAs("given.safetensors", bytes, /tensor b shares its bytes with another/);
  });

  it.each(["constructor", "__proto__", "toString"])("a tensor of type %s is none", async (dtype) => {
    const header = `{"w":{"dtype":"${dtype}","shape":[1,1],"data_offsets":[0,4]}}`;
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const bytes = Buffer.concat([length, Buffer.from(header), Buffer.alloc(4)]);
    await refusedAs("given.safetensors", bytes, /it holds no weight matrix/);
  });

  it.each([
    ["fields longer than the file", Buffer.from([0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0])],
    ["more elements than bytes", onnxOf("MatMul", [tensor("w", [1 << 20, 1 << 20])], ["w"])],
    ["300,000 dimensions", onnxOf("MatMul", [tensor("w", Array<number>(300_000).fill(1))], ["w"])],
    ["2^33 directions of nothing", onnxOf("LSTM", [tensor("w", [8_589_934_592, 0, 0])], ["w"])],
    [
      "2^48 bytes kept elsewhere",
      onnxOf("MatMul", [tensor("w", [1 << 23, 1 << 23], keptIn("given.onnx"))], ["w"]),
    ],
  ])("%s are refused in an .onnx file", (_, bytes) =>
    refusedAs(
      "given.onnx",
      bytes,
      /given\.onnx: it(s external data given\.onnx)? is (not an ONNX model|cut)/,
    ),
  );

  it("tensors that share their bytes outside the model are refused", async () => {
    const many = Array.from({ length: 20 }, (_, i) => `w${i}`);
    const shared = onnxOf(
      "MatMul",
      many.map((name) => tensor(name, [16, 16], keptIn("given.onnx"))),
      many,
    );
    // There is room for one of them, and not for all.
    expect(shared.length).toBeGreaterThan(4 * 16 * 16);
    await refusedAs("given.onnx", shared, /its external data given\.onnx is cut/);
  });

  it("a dimension at a time, 400,000 of them, ends before a test's time is up", async () => {
    // Gathered anew for each, half as many took 163 s.
    const one = tensor("w", [1]);
    const dimension = one.subarray(0, 3);
    const many = Buffer.concat([...Array<Buffer>(400_000).fill(dimension), one]);
    await refusedAs("given.onnx", onnxOf("MatMul", [many], ["w"]), /is not an ONNX model/);
  });

  it("a heading of aihwkit for more layers than there are is refused", () => {
    const text = "2,4\nAnalogLinear,AnalogLinear\n2,4\n1,2\n2,2\nfc1\n1,2\n";
    expect(() => parseFusionCsv(text, "given.csv")).toThrow(
      /given\.csv: line 3 is of 2 layers, and there are 1 names/,
    );
  });

  it.each([
    [
      "a mapped layer",
      "32\nAnalogLinearMapped\n4\n2\n2\nfc\n1,2,3,4\n",
      /line 2 says that layer fc is mapped/,
    ],
    [
      "a mapped convolution",
      "1,2\nAnalogLinear,AnalogConv2dMapped\n1,4\n1,2\n1,2\na,b\n1\n1,2,3,4\n",
      /layer b is mapped/,
    ],
    [
      "a line more than layers",
      "1\nAnalogLinear\n2\n1\n2\nfc\n1,2\n3,4\n",
      /line 8 is of no layer: line 6 names 1/,
    ],
    [
      "a blank for a number",
      "1\nAnalogLinear\n2\n1\n2\nfc\n1, \n",
      /line 7 has "" where a conductance should be, at place 2/,
    ],
    ["a hexadecimal number", "1\nAnalogLinear\n2\n1\n2\nfc\n1,0x2\n", /line 7 has "0x2" where a conductance/],
  ])("%s of aihwkit is refused", (_, text, wrong) => {
    expect(() => parseFusionCsv(text, "given.csv")).toThrow(wrong);
  });

  it("layers of aihwkit of less than nothing are refused", () => {
    for (const [count, height, width] of [
      [1, -1, -1],
      [1, 0.5, 2],
      [1, "Infinity", 0],
    ]) {
      const text = `${count}\nAnalogLinear\n${count}\n${height}\n${width}\nfc\n1\n`;
      expect(() => parseFusionCsv(text, "given.csv")).toThrow(/given\.csv: line 7 has 1 values/);
    }
  });

  it("a line of ten million numbers is refused without running out of stack", () => {
    const line = "1,".repeat(5e6);
    expect(isFusionCsv(line)).toBe(false);
    const transcript = `{"format":"mho-transcript","version":1,"address":"x"}\n{"microseconds":1,"to":"chip","hex":"${line}"}\n{}\n`;
    expect(() => examine(Buffer.from(transcript), "line.jsonl")).toThrow(/line\.jsonl: line 2 is damaged/);
  });

  it("a chip whose rows fit no frame is refused", async () => {
    const path = join(emptyFolder(), "chip.json");
    const file = JSON.parse(readFileSync(new URL("../chips/pcm-64.json", import.meta.url), "utf8")) as {
      geometry: Record<string, number>;
    };
    file.geometry["columns"] = 60_000;
    writeFileSync(path, JSON.stringify(file));
    await expect(readChipDescription(path)).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringMatching(/chip\.json: geometry: a row may have 4000 devices at most/) as string,
    });
  });
});

const jsonReaders: readonly [kind: string, read: (path: string) => Promise<unknown>][] = [
  ["chip description", readChipDescription],
  ["model", readModel],
  ["strategy", readStrategy],
  ["record of faults", readFaults],
  ["transcript", (path) => Promise.resolve().then(() => examine(readFileSync(path), path))],
];

describe.each(jsonReaders)("a %s", (_, read) => {
  it.each([
    ["100,000 levels deep", "[".repeat(100_000) + "]".repeat(100_000)],
    ["100,000 records deep", '{"a":'.repeat(100_000) + "1" + "}".repeat(100_000)],
    ["100,000 levels deep and cut", "[".repeat(100_000)],
    ["deep behind what is right", `{"format":"mho-model","version":1,"name":${"[".repeat(100_000)}`],
    [
      "with the keys of a prototype",
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    ],
    ["with a number beyond all numbers", '{"format":"mho-chip","version":1e999}'],
    ["of no text", "\xff\xfe\0\0"],
  ])("%s is refused with its name, and changes no other object", async (_, text) => {
    const path = join(emptyFolder(), "given.json");
    writeFileSync(path, text, "latin1");
    await expect(read(path)).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringContaining("given.json") as string,
    });
    expect("polluted" in {}).toBe(false);
  });
});

describe("the state of an emulated chip", () => {
  const endless = <T>(): T[] => Object.assign([], { length: 4_000_000_000 });
  const { chip } = keptChip;

  it.each([
    ["that is another's", { ...keptChip, format: "letters" }],
    ["that is nothing", null],
    ["without devices", { ...keptChip, chip: undefined }],
    ["of an endless list of tiles", { ...keptChip, chip: { ...chip, tiles: endless() } }],
    ["of an endless list of rows", { ...keptChip, chip: { ...chip, deadRows: endless() } }],
    ["of too many devices", { ...keptChip, chip: { ...chip, tiles: [{ felt: new Uint32Array(1 << 20) }] } }],
    ["of an endless list of bakes", { ...keptChip, chip: { ...chip, bakes: endless() } }],
    ["in two ovens at once", { ...keptChip, chip: { ...chip, bakes: [bake, bake] } }],
    ["in an oven for no time", { ...keptChip, chip: { ...chip, bakes: [{ ...bake, toMicroseconds: NaN }] } }],
    ["at no time", { ...keptChip, chipTimeMicroseconds: NaN }],
  ])("%s is refused with its name", (_, state) => {
    const firmware = new PacketFirmware(pcm64(1), 7);
    expect(() => reviveChip(firmware, [serialize(state)], "chips/a.state", "emulator:pcm-64")).toThrow(
      /^chips\/a\.state does not hold the devices of emulator:pcm-64/,
    );
  });

  it.each([
    ["that the chip does not have", { tile: 1, history: {} }],
    ["without a number", { tile: "0", history: {} }],
    ["without devices", { tile: 0 }],
    ["of too many devices", { tile: 0, history: { felt: new Uint32Array(1 << 20) } }],
    ["that is nothing", null],
  ])("of a tile %s is refused with its name", (_, tile) => {
    const firmware = new PacketFirmware(pcm64(1), 7);
    const parts = [{ ...keptChip, chip: { ...chip, tiles: [] } }, tile].map((part) => serialize(part));
    expect(() => reviveChip(firmware, parts, "chips/a.state", "emulator:pcm-64")).toThrow(
      /^chips\/a\.state does not hold the devices of emulator:pcm-64/,
    );
  });
});

describe("a name that is a path", () => {
  it("of a member of an archive is a name, and nothing is written there", async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, "inner"));
    const path = join(folder, "inner", "given.npz");
    const data = npy("1, 2", new Uint8Array(8));
    const names = ["../owned.npy", "/tmp/owned.npy", "..\\owned.npy", "a\0b.npy", "__proto__.npy"];
    writeFileSync(path, zipOf(names.map((name) => ({ name, data }))));
    const layers = await readWeights(path);
    expect(layers.map(({ name }) => `${name}.npy`)).toEqual(names);
    expect(readdirSync(folder)).toEqual(["inner"]);
    expect(readdirSync(join(folder, "inner"))).toEqual(["given.npz"]);
  });

  it.each(["../outside.bin", "/etc/passwd", "inside/../../outside.bin", "a\0b", ".", ""])(
    "of external data, %j, is not read",
    async (location) => {
      const model = onnxOf("MatMul", [tensor("w", [2, 2], keptIn(location))], ["w"]);
      await refusedAs("given.onnx", model, /points outside the model's folder|cannot be read/);
    },
  );

  it("of external data leads nowhere by a link, either", async () => {
    const folder = emptyFolder();
    const inner = join(folder, "inner");
    mkdirSync(inner);
    writeFileSync(join(folder, "outside.bin"), new Uint8Array(16));
    symlinkSync(join(folder, "outside.bin"), join(inner, "link.bin"));
    symlinkSync(folder, join(inner, "up"));
    writeFileSync(join(inner, "real.bin"), new Uint8Array(16));
    symlinkSync(join(inner, "real.bin"), join(inner, "good.bin"));
    const path = join(inner, "given.onnx");
    for (const location of ["link.bin", "up/outside.bin"]) {
      writeFileSync(path, onnxOf("MatMul", [tensor("w", [2, 2], keptIn(location))], ["w"]));
      await expect(readWeights(path)).rejects.toMatchObject({
        code: "bad-file",
        message: expect.stringContaining("points outside the model's folder") as string,
      });
    }
    writeFileSync(path, onnxOf("MatMul", [tensor("w", [2, 2], keptIn("good.bin"))], ["w"]));
    expect(await readWeights(path)).toMatchObject([{ inputs: 2, outputs: 2 }]);
  });
});

describe("a workspace", () => {
  const damaged = { code: "workspace-failed", message: expect.stringContaining("workspace.db") as string };

  async function everything(folder: string): Promise<void> {
    const store = await openWorkspace(folder);
    try {
      for (const { id } of await store.runs()) await summarise(store, id);
    } finally {
      await store.close();
    }
  }

  it("cut anywhere is refused with its name and left as long as it is", async () => {
    const whole = await smallWorkspace(emptyFolder());
    // Behind the last page's first byte there may be nothing to miss.
    for (const bytes of [1, 40, 600, 4096, 20_000, whole.length - 4096]) {
      const folder = emptyFolder();
      const file = join(folder, "workspace.db");
      writeFileSync(file, whole.subarray(0, bytes));
      const before = readFileSync(file);
      await expect(everything(folder)).rejects.toMatchObject(damaged);
      expect(readFileSync(file)).toEqual(before);
    }
  });

  it("is not made of another program's database", async () => {
    const folder = emptyFolder();
    const database = new DatabaseSync(join(folder, "workspace.db"));
    database.exec("CREATE TABLE letters (text TEXT)");
    database.close();
    await expect(openWorkspace(folder)).rejects.toMatchObject({
      code: "workspace-failed",
      message: expect.stringMatching(/workspace\.db.*another program/) as string,
    });
    const after = new DatabaseSync(join(folder, "workspace.db"));
    expect(after.prepare("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "letters" }]);
    after.close();
  });

  it.each([
    [
      "UPDATE sweeps SET circumstances = '{\"converter\":'",
      /row 1 of the sweeps of run r1: it does not hold the circ/,
    ],
    [
      "UPDATE sweeps SET circumstances = '{\"converter\":7}'",
      /row 1 of the sweeps of run r1: it does not hold the circ/,
    ],
    ["UPDATE turns SET orders = '{}'", /row 1 of the turns of run r1: it does not hold the orders of a turn/],
    [
      'UPDATE turns SET orders = \'[{"kind":"on-board","iterations":4000000000}]\'',
      /row 1 of the turns of run r1: it does not hold an order/,
    ],
    [
      "UPDATE turns SET verdicts = x''",
      /row 1 of the turns of run r1: it does not hold a reading and a verdict for/,
    ],
    [
      "UPDATE turns SET verdicts = x'0063' WHERE id = 2",
      /row 2 of the turns .* verdicts that this version of mho knows/,
    ],
    ["UPDATE turns SET tile = 9", /row 1 of the turns of run r1: it does not hold a tile of the run's plan/],
    ["UPDATE runs SET plan = 'null'", /run r1, its plan or its chip: it does not hold a plan/],
    ["UPDATE runs SET plan = '[]'", /run r1, its plan or its chip: it does not hold a plan/],
    [
      `UPDATE run_tiles SET block = '{"tile":0,"rowStart":0,"rowCount":9007199254740991}'`,
      /row 1 of the tiles of run r1: it does not hold a block's targets/,
    ],
    ["UPDATE run_tiles SET block = '[]'", /row 1 of the tiles of run r1: it does not hold a block/],
  ])("in which somebody did %s is refused in a sentence", async (change, wrong) => {
    const folder = emptyFolder();
    await smallWorkspace(folder);
    for (const [layout, message] of [
      ["today's", /another/],
      ["an older", wrong],
    ] as const) {
      const database = new DatabaseSync(join(folder, "workspace.db"));
      if (layout === "an older") forgetChecksums(database);
      database.exec(change);
      database.close();
      await expect(everything(folder)).rejects.toMatchObject({
        code: "workspace-failed",
        message: expect.stringMatching(message) as string,
      });
    }
  });
});
