import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readNpy } from "../files/npy.ts";
import { type Bench, openBench } from "../lab/bench.ts";
import { amplitudeIn, parseAmplitude } from "../src/chip/amplitude.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

async function withBench<T>(chip: string, work: (bench: Bench, folder: string) => Promise<T>): Promise<T> {
  const folder = emptyFolder();
  const bench = await openBench({ workspace: join(folder, "lab"), chip });
  try {
    return await work(bench, folder);
  } finally {
    await bench.close();
  }
}

describe.each(["packet", "scpi"])("by hand, in the %s dialect,", (dialect) => {
  it("a chip is read without a pulse, and its table and array hold the same", () =>
    withBench(`emulator:pcm-64?births=sound&dialect=${dialect}&seed=3`, async (bench, folder) => {
      const [csv, npy] = [join(folder, "all.csv"), join(folder, "all.npy")];
      const { blocks } = await bench.readOut({ row: 2, averages: 16, out: csv });
      await bench.readOut({ row: 2, averages: 16, out: npy });
      const rows = readFileSync(csv, "utf8").trim().split("\n").slice(1);
      expect(rows).toHaveLength(256);
      expect(Number(rows[7]!.split(",")[5])).toBeCloseTo(blocks[0]!.reading.conductanceMicrosiemens[7]!, 4);
      const { shape } = await readNpy(npy);
      expect(shape).toEqual([1, 1, 256]);
      expect(await bench.runs()).toEqual([]);
    }));

  it("a device gets as many pulses as were asked for, and is read before and after", () =>
    withBench(`emulator:pcm-64?births=sound&dialect=${dialect}&seed=3`, async (bench) => {
      const amplitude = parseAmplitude("340uA")!;
      const request = { row: 4, devices: [5, 9], amplitude, kind: "reset", widthNanoseconds: 100 } as const;
      const run = await bench.pulse({ ...request, count: 20, averages: 4 });
      const pulsed = await bench.pulsed(run);
      expect(pulsed.map(({ row, device, pulses }) => [row, device, pulses])).toEqual([
        [4, 5, 20],
        [4, 9, 20],
      ]);
      for (const { beforeMicrosiemens, afterMicrosiemens } of pulsed) {
        expect(beforeMicrosiemens).toBeGreaterThan(15);
        expect(afterMicrosiemens).toBeLessThan(3);
      }
      const { result } = await bench.run(run);
      expect(result.overview.pulses).toBe(40);
    }));
});

describe("by hand", () => {
  it.each([
    [{ amplitude: parseAmplitude("3.1V")! }, /devices of pcm-64 are pulsed in µA/],
    [{ amplitude: parseAmplitude("900uA")! }, /Nothing was fired: an amplitude of 900.13 µA is above/],
    [{ devices: [256] }, /There is no device 256 .* devices 0 to 255 in each row/],
    [{ count: 0 }, /count.* 0: give a whole number from 1 to 10000/],
  ])("%o is refused before a run is begun", (change, message) =>
    withBench("emulator:pcm-64?seed=3", async (bench) => {
      const amplitude = parseAmplitude("310uA")!;
      const request = { row: 4, devices: [5], amplitude, kind: "reset", widthNanoseconds: 100 } as const;
      await expect(bench.pulse({ ...request, ...change })).rejects.toThrow(message);
      await expect(bench.runs()).rejects.toThrow(/no workspace/);
    }),
  );

  it("a command reads what another pulsed, and neither takes a bare width", async () => {
    const folder = emptyFolder();
    const at = ["--workspace", join(folder, "lab"), "--json"];
    const [chip, place] = ["emulator:rram-128?births=sound&seed=4", ["--row", "1", "--device", "8"]];
    const fired = await mho(
      "pulse",
      "--chip",
      chip,
      ...place,
      "--amplitude",
      "2.9 V",
      "--width",
      "1us",
      ...at,
    );
    expect(fired.code).toBe(0);
    const done = JSON.parse(fired.out.trim().split("\n").at(-1)!) as {
      devices: { after_microsiemens: number }[];
    };
    const read = await mho("read", chip, ...place, "--averages", "16", ...at);
    const said = JSON.parse(read.out.trim().split("\n").at(-1)!) as {
      blocks: { conductance_microsiemens: number[] }[];
    };
    expect(said.blocks[0]!.conductance_microsiemens).toHaveLength(1);
    expect(
      Math.abs(said.blocks[0]!.conductance_microsiemens[0]! - done.devices[0]!.after_microsiemens),
    ).toBeLessThan(4);
    const bare = await mho("pulse", "--chip", chip, ...place, "--amplitude", "2V", "--width", "100", ...at);
    expect(bare).toMatchObject({ code: 2, out: expect.stringContaining("give whole nanoseconds") as string });
  });

  it("a reading at the converter's end is told as the least that it may be, and a list of devices may be a range", async () => {
    const chip = "emulator:rram-128?seed=3";
    const read = await mho("read", chip, "--row", "0", "--workspace", join(emptyFolder(), "lab"));
    expect(read.out).toMatch(/ ≥61\.38/);
    expect(read.out).not.toMatch(/ 61\.38/);
    const place = ["--row", "0", "--device", "1,5-7", "--workspace", join(emptyFolder(), "lab"), "--quiet"];
    const pulse = ["--amplitude", "1.2V", "--width", "1us"];
    const fired = await mho("pulse", "--chip", chip, ...place, ...pulse, "--json");
    expect(JSON.parse(fired.out.trim().split("\n").at(-1)!)).toMatchObject({
      devices: [1, 5, 6, 7].map((device) => ({ device })),
    });
    const wrong = await mho("pulse", "--chip", chip, "--row", "0", "--device", "7-5", ...pulse);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("--device 7-5")]);
  });

  it.each(["packet", "scpi"])(
    "reads with another voltage where the board can, in the %s dialect",
    async (dialect) => {
      const chip = `emulator:rram-128?seed=3&births=sound&dialect=${dialect}`;
      const bench = await openBench({ workspace: join(emptyFolder(), "lab"), chip });
      const block = { tile: 0, rowStart: 0, rowCount: 2 };
      const usual = await bench.read(block, { averages: 16 });
      const low = await bench.read(block, { averages: 16, readVolts: 0.1 });
      // Half the voltage, half the current: what saturated the converter at 61 µS is read now.
      const [saturated, more] = [usual.flags, low.conductanceMicrosiemens].map((values) => [...values]);
      const read = more!.filter((_, i) => saturated![i] === 1);
      expect(read.length).toBeGreaterThan(100);
      expect(read.filter((g) => g > 60).length / read.length).toBeGreaterThan(0.95);
      const both = more!
        .map((g, i) => g / usual.conductanceMicrosiemens[i]!)
        .filter((_, i) => saturated![i] === 0);
      expect(Math.abs(both.reduce((a, b) => a + b, 0) / both.length - 1)).toBeLessThan(0.02);
      await expect(bench.read(block, { readVolts: 0.6 })).rejects.toThrow(
        /0\.6 V is not from 0\.001 to 0\.5 V/,
      );
      await bench.close();
    },
  );

  it("reads with the usual voltage alone where the board has no other", async () => {
    const bench = await openBench({ workspace: join(emptyFolder(), "lab"), chip: "emulator:pcm-64" });
    await expect(bench.read({ tile: 0, rowStart: 0, rowCount: 1 }, { readVolts: 0.1 })).rejects.toThrow(
      /reads with its usual voltage alone, and 0\.1 V were asked for/,
    );
    await bench.close();
  });

  it("amplitudes are exact in any prefix, and no current is a voltage", () => {
    expect(amplitudeIn(parseAmplitude("0.31mA")!, "µA")).toBe(310);
    expect(amplitudeIn(parseAmplitude("1900 mV")!, "V")).toBe(1.9);
    expect(amplitudeIn(parseAmplitude("310")!, "µA")).toBe(310);
    expect(amplitudeIn(parseAmplitude("1V")!, "µA")).toBeUndefined();
    expect(parseAmplitude("1.9W")).toBeUndefined();
  });
});
