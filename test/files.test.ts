import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { z } from "zod";
import type { PcmPulses } from "../src/chip/technologies/pcm.ts";
import { describe, expect, it } from "vitest";
import { findPreset } from "../emulator/presets.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { parseJson } from "../files/json.ts";
import { readNpy } from "../files/npy.ts";
import { readWeights } from "../files/weights.ts";
import { MhoError } from "../src/errors.ts";
import { allSafetensors } from "./support/tensors.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { safetensors } from "./support/safetensors.ts";

removeFoldersAfterEach();

const example = (name: string): string =>
  fileURLToPath(new URL(`../examples/digits/${name}`, import.meta.url));
const pcm64File = fileURLToPath(new URL("../chips/pcm-64.json", import.meta.url));

function fileOf(bytes: Uint8Array | string): string {
  const path = join(emptyFolder(), "given");
  writeFileSync(path, bytes);
  return path;
}

const bad = (message: RegExp) => ({ code: "bad-file", message: expect.stringMatching(message) as string });

describe("a safetensors file", () => {
  it("gives its tensors back, whatever their names", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc
            .string({ minLength: 1, maxLength: 12 })
            .filter((name) => name !== "__metadata__" && name !== "__proto__"),
          fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 20 }),
          { maxKeys: 5 },
        ),
        async (tensors) => {
          const shaped = Object.fromEntries(
            Object.entries(tensors).map(([name, values]) => [name, { shape: [values.length], values }]),
          );
          const read = await allSafetensors(fileOf(safetensors(shaped)));
          for (const [name, values] of Object.entries(tensors))
            expect([...read.get(name)!.values]).toEqual(values);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("in half precision gives the values that the halves stand for", async () => {
    const header = Buffer.from(
      JSON.stringify({
        h: { dtype: "F16", shape: [4], data_offsets: [0, 8] },
        b: { dtype: "BF16", shape: [2], data_offsets: [8, 12] },
      }),
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    // 1, −2, the largest half, the smallest one; 1 and −0.5 as brain floats.
    const data = Buffer.from(Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x3f80, 0xbf00).buffer);
    const read = await allSafetensors(fileOf(Buffer.concat([length, header, data])));
    expect([...read.get("h")!.values]).toEqual([1, -2, 65_504, Math.fround(5.960464477539063e-8)]);
    expect([...read.get("b")!.values]).toEqual([1, -0.5]);
  });

  const whole = safetensors({ "fc1.weight": { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] } });

  it("cut anywhere is refused as cut, with its name", async () => {
    for (let length = 0; length < whole.length; length++) {
      await expect(allSafetensors(fileOf(whole.subarray(0, length)))).rejects.toMatchObject(
        bad(/given: it (is cut|ends)/),
      );
    }
  });

  it("with a number that is not finite is refused, with tensor and element", async () => {
    const path = join(emptyFolder(), "given.safetensors");
    writeFileSync(path, safetensors({ "fc2.weight": { shape: [3], values: [1, Number.NaN, 2] } }));
    await expect(readWeights(path)).rejects.toMatchObject(bad(/tensor fc2\.weight holds NaN at element 1/));
  });

  it("of another kind, or none, is refused", async () => {
    await expect(allSafetensors(fileOf("PK\x03\x04 a zip file, not tensors"))).rejects.toMatchObject(
      bad(/not a safetensors/),
    );
    await expect(allSafetensors("/no/such/file")).rejects.toMatchObject(bad(/there is no such file/));
    const folder = join(emptyFolder(), "folder");
    mkdirSync(folder);
    await expect(allSafetensors(folder)).rejects.toMatchObject(bad(/it is a folder/));
  });

  it("of random bytes never does more than be refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        await expect(allSafetensors(fileOf(bytes))).rejects.toBeInstanceOf(MhoError);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a numpy array", () => {
  it("that is cut or foreign is refused", async () => {
    const bytes = readFileSync(example("digits-test-labels.npy"));
    await expect(readNpy(fileOf(bytes.subarray(0, bytes.length - 1)))).rejects.toMatchObject(
      bad(/it is cut/),
    );
    await expect(readNpy(fileOf("nothing like it"))).rejects.toMatchObject(bad(/no \.npy file/));
  });
});

describe("a JSON file of mho", () => {
  it.each(["format", "version"])("whose %s is nested deeper than can be written is refused", (key) => {
    const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    const text = { format: `{"format": ${deep}}`, version: `{"format": "mho-faults", "version": ${deep}}` };
    const bytes = Buffer.from(text[key as keyof typeof text]);
    const schema = z.strictObject({ format: z.literal("mho-faults"), version: z.literal(1) });
    expect(() => parseJson(bytes, "deep.json", schema, "record of faults")).toThrow(
      /(format|version) is a list/,
    );
  });
});

describe("a chip description", () => {
  it.each(["pcm-64", "pcm-256", "pcm-64core"])(
    "of %s agrees with the emulated chip of that name",
    async (name) => {
      const path = fileURLToPath(new URL(`../chips/${name}.json`, import.meta.url));
      const { geometry, line, limits } = await readChipDescription(path);
      const preset = findPreset(name)!;
      expect(geometry).toEqual(preset.geometry);
      expect(line.baud / line.bitsPerByte).toBe(preset.firmware.lineBytesPerSecond);
      const { maxAmplitudeCode, microamperesPerCode } = preset.firmware;
      expect(limits.boardEnforces!.maxAmplitude).toBe(maxAmplitudeCode * microamperesPerCode);
    },
  );

  it("of pcm-64 is read in full", async () => {
    const { name, geometry, pulses } = await readChipDescription(pcm64File);
    const { reset } = pulses as PcmPulses;
    expect([name, geometry.rows, reset.nominalCurve.amplitudeMicroamperes.length]).toEqual([
      "pcm-64",
      64,
      50,
    ]);
  });

  it.each([
    ["an unknown field", (d: Json) => (d["colour"] = "blue"), /colour/],
    [
      "a negative limit",
      (d: Json) => ((d["limits"] as Json)["max_amplitude_microamperes"] = -1),
      /limits\.max_amplitude/,
    ],
    ["pulses of another technology", (d: Json) => (d["rram_pulses"] = {}), /rram_pulses/],
    ["a technology that is not known", (d: Json) => (d["technology"] = "fefet"), /"fefet" is not known/],
    [
      "a rising curve",
      (d: Json) => (curve(d)["conductance_microsiemens"] as number[]).reverse(),
      /must not rise/,
    ],
    [
      "amplitudes out of order",
      (d: Json) => (curve(d)["amplitude_microamperes"] as number[]).reverse(),
      /must ascend/,
    ],
    [
      "a shorter column",
      (d: Json) => (curve(d)["amplitude_microamperes"] as number[]).pop(),
      /as many conductances/,
    ],
  ])("with %s is refused, naming it", async (_, spoil, message) => {
    const json = JSON.parse(readFileSync(pcm64File, "utf8")) as Json;
    spoil(json);
    await expect(readChipDescription(fileOf(JSON.stringify(json)))).rejects.toMatchObject(bad(message));
  });

  it.each<[string, string, Json, RegExp]>([
    [
      "pcm-64",
      "limits",
      { max_width_nanoseconds: 50 },
      /reset_pulse\.width_nanoseconds is 100, outside limits 20 … 50 ns \(limits\.min_width_nanoseconds, limits\.max_width_nanoseconds\).* \(line \d+, column \d+\)/,
    ],
    [
      "pcm-64",
      "limits",
      { min_width_nanoseconds: 200 },
      /reset_pulse\.width_nanoseconds is 100, outside limits 200 … 5000 ns/,
    ],
    [
      "pcm-64",
      "limits",
      { min_width_nanoseconds: 6000 },
      /limits\.min_width_nanoseconds is 6000, above limits\.max_width_nanoseconds 5000/,
    ],
    [
      "pcm-64",
      "limits",
      { max_amplitude_microamperes: 250 },
      /set_pulse\.amplitude_microamperes is 300, outside limits 0 … 250 µA \(limits\.max_amplitude_microamperes\)/,
    ],
    [
      "pcm-64",
      "limits",
      { max_trailing_nanoseconds: 100 },
      /trailing_nanoseconds is above limits\.max_trailing_nanoseconds/,
    ],
    [
      "pcm-64",
      "limits",
      { max_read_volts: 0.1 },
      /converter\.read_volts is 0\.2, above limits\.max_read_volts 0\.1/,
    ],
    [
      "rram-128",
      "limits",
      { max_amplitude_volts: 2 },
      /rram_pulses\.forming\.from_volts is 2\.36, outside limits 0 … 2 V \(limits\.max_amplitude_volts\)/,
    ],
    [
      "ecram-64",
      "limits",
      { max_width_nanoseconds: 500 },
      /ecram_pulses\.reset\.width_nanoseconds is 1000, outside limits 20 … 500 ns/,
    ],
    [
      "ecram-64",
      "limits",
      { max_amplitude_nanoamperes: 0.01 },
      /smallest amplitude, .* nA, is above the limit of 0\.01 nA \(limits\.max_amplitude_nanoamperes\)/,
    ],
  ])(
    "of %s with %s %j below its own pulses is refused, naming both fields",
    async (chip, key, change, message) => {
      const json = JSON.parse(readFileSync(`chips/${chip}.json`, "utf8")) as Json;
      await expect(readChipDescription(fileOf(JSON.stringify(json)))).resolves.toBeDefined();
      const narrow = { ...json, [key]: { ...(json[key] as Json), ...change } };
      const file = fileOf(JSON.stringify(narrow, undefined, 2));
      await expect(readChipDescription(file)).rejects.toMatchObject(bad(message));
    },
  );

  const withConverter = (most: number, step: number, offset: number, codes: number): string => {
    const json = JSON.parse(readFileSync(pcm64File, "utf8")) as Json;
    json["max_conductance_microsiemens"] = most;
    json["converter"] = { microsiemens_per_code: step, offset_codes: offset, codes };
    return fileOf(JSON.stringify(json));
  };

  it.each([
    [
      80,
      0.05,
      0,
      1024,
      /converter: with 1024 codes of 0\.05 µS, zero at code 0, it reads 0 … 51\.1 µS .* 0 … 80 µS/,
    ],
    // The last code means saturated, and an offset takes codes away.
    [25, 1, 0, 26, /it reads 0 … 24 µS \(the last code means saturated\), and the chip's range is 0 … 25 µS/],
    [25, 0.04, 400, 1024, /zero at code 400, it reads -16 … 24\.88 µS/],
    [25, 0.04, -1, 1024, /zero at code -1, it reads 0\.04 … 40\.92 µS/],
  ])(
    "of %d µS whose converter of %d µS a code, offset %d, %d codes, falls short is refused",
    async (...given) => {
      const [most, step, offset, codes, message] = given;
      await expect(readChipDescription(withConverter(most, step, offset, codes))).rejects.toMatchObject(
        bad(message),
      );
    },
  );

  it.each([
    [25, 1, 0, 27],
    [25, 0.04, 390, 1024],
    // Half a code beside 0 µS, or beneath the top, is read as the code itself.
    [25, 0.04, -0.5, 1024],
    [25.4, 1, 0, 27],
  ])("of %d µS with a converter of %d µS a code, offset %d, %d codes, is read", async (...given) => {
    expect((await readChipDescription(withConverter(...given))).maxConductanceMicrosiemens).toBe(given[0]);
  });

  it("that is not JSON is refused", async () => {
    await expect(readChipDescription(fileOf("{"))).rejects.toMatchObject(bad(/it is not JSON/));
  });
});

type Json = Record<string, unknown>;

function curve(description: Json): Json {
  return (description["reset_pulse"] as Json)["nominal_curve"] as Json;
}
