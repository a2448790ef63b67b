import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import type { SelfDescription } from "../drivers/selfDescription.ts";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { findPreset, type Preset } from "../emulator/presets.ts";
import { openTcpLine } from "../emulator/tcpLine.ts";
import { parseAddress } from "../lab/address.ts";
import { openBench } from "../lab/bench.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../lab/dialects.ts";
import type { StampedEvent } from "../lab/events.ts";
import { describeChip } from "../lab/openChip.ts";
import { contradictions, emulatedDescription, inAscii } from "../lab/selfDescription.ts";
import { describePcm64 } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const dialects = ["packet", "scpi"] as const;
const lab7: Preset = { ...findPreset("pcm-64", { tiles: 2 })!, name: "lab-7" };

/** What such a board says: as the built-in chip, under a name of its own. */
async function json(change: object = {}): Promise<Record<string, unknown>> {
  const { document } = await describeChip(parseAddress("emulator:pcm-64"));
  const text = new TextDecoder().decode(emulatedDescription(document!, lab7));
  return { ...(JSON.parse(text) as object), name: "lab-7", ...change };
}

const bytes = (value: object): Uint8Array => new TextEncoder().encode(inAscii(JSON.stringify(value)));

async function board(dialect: string, said: Uint8Array | undefined, preset = lab7): Promise<string> {
  const firmware = emulatedChip(dialectNamed(builtInDialects, dialect), preset, 7, said);
  const line = await openTcpLine(0);
  line.onBytes((sent) => firmware.receive(sent, 0).forEach((reply) => line.write(reply)));
  onTestFinished(() => line.close());
  return `tcp:${line.name}?dialect=${dialect}`;
}

async function benchOf(chip: string) {
  const told: StampedEvent[] = [];
  const workspace = emptyFolder();
  const bench = await openBench({ workspace, chip, onEvent: (event) => void told.push(event) });
  onTestFinished(() => bench.close());
  return { bench, told, workspace };
}

async function fileOf(value: object): Promise<string> {
  const path = join(emptyFolder(), "mine.json");
  writeFileSync(path, JSON.stringify(value));
  return Promise.resolve(path);
}

const targets = { title: "a row", valuesMicrosiemens: new Float32Array(256).fill(5) };
const options = { method: "open-loop", sweepTimesSeconds: [] };

describe.each(dialects)("a board that describes itself, in %s", (dialect) => {
  it("is programmed without a chip file, and its description is kept with the run", async () => {
    const { bench, told } = await benchOf(await board(dialect, bytes(await json())));
    const run = await bench.program(targets, options);
    const store = await bench.store();
    const kept = await store.description(run);
    expect(JSON.parse(kept!.text)).toMatchObject({ name: "lab-7", watchdog_seconds: 10 });
    const described = told.filter(({ type }) => type === "chip_described");
    expect(described).toEqual([expect.objectContaining({ name: "lab-7", sha256: kept!.sha256 })]);
    expect((await bench.run(run)).plan).toMatchObject({ chipName: "lab-7" });
    expect(told.some((event) => event.type === "warning" && event.code !== "no_tickets")).toBe(false);
  });

  it("goes on with a run by the description that the run kept", async () => {
    const { bench, told } = await benchOf(await board(dialect, bytes(await json())));
    const run = await bench.program(targets, options);
    await bench.watch(run, { until: "1h", perDecade: 1 });
    expect(told.some(({ type }) => type === "sweep")).toBe(true);
    expect(told.some((event) => event.type === "warning" && event.code !== "no_tickets")).toBe(false);
  });

  it("refuses a file that contradicts it, naming the keys and both values", async () => {
    const address = await board(dialect, bytes(await json()));
    const file = await fileOf(
      await json({ converter: { microsiemens_per_code: 0.05, offset_codes: 0, codes: 1024 } }),
    );
    const { bench } = await benchOf(`${address}&chip=${file}&tiles=2`);
    await expect(bench.read({ tile: 0, rowStart: 0, rowCount: 1 })).rejects.toMatchObject({
      code: "wrong-chip",
      message: expect.stringMatching(
        /mine\.json contradicts what the board at .* says of itself: converter\.microsiemens_per_code is 0\.05, and 0\.04 on the board/,
      ) as string,
    });
  });

  it("takes a file that agrees with it, and one that narrows its limits", async () => {
    const address = await board(dialect, bytes(await json()));
    const { limits } = (await json()) as { limits: object };
    const narrow = { limits: { ...limits, max_amplitude_microamperes: 400, min_width_nanoseconds: 50 } };
    const file = await fileOf(await json(narrow));
    const { bench } = await benchOf(`${address}&chip=${file}&tiles=2`);
    await expect(bench.read({ tile: 1, rowStart: 0, rowCount: 1 })).resolves.toBeDefined();
  });

  it("is refused where its limits lie below its own pulses, or those of a file do, and is put in standby all the same", async () => {
    const { limits } = (await json()) as { limits: object };
    const narrow = await json({ limits: { ...limits, max_width_nanoseconds: 50 } });
    const boards = [
      await board(dialect, bytes(narrow)),
      `${await board(dialect, bytes(await json()))}&chip=${await fileOf(narrow)}`,
    ];
    for (const address of boards) {
      const { bench } = await benchOf(address);
      await expect(bench.read({ tile: 0, rowStart: 0, rowCount: 1 })).rejects.toMatchObject({
        code: "bad-file",
        message: expect.stringMatching(
          /reset_pulse\.width_nanoseconds is 100, outside limits 20 … 50 ns/,
        ) as string,
      });
      expect(await bench.standby()).toMatchObject({ name: "lab-7" });
    }
  });

  it("is refused, and the key named, where its description cannot be", async () => {
    const { bench } = await benchOf(
      await board(dialect, bytes(await json({ max_conductance_microsiemens: -1 }))),
    );
    await expect(bench.read({ tile: 0, rowStart: 0, rowCount: 1 })).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringMatching(
        /the description that the board at tcp:.* gives of itself.*max_conductance_microsiemens/,
      ) as string,
    });
  });

  it("is refused where it names a file for a model, which a board does not have", async () => {
    const { bench } = await benchOf(await board(dialect, bytes(await json({ model: "./mine.json" }))));
    await expect(bench.read({ tile: 0, rowStart: 0, rowCount: 1 })).rejects.toThrow(/Leave model out of it/);
  });

  it("is never asked where it does not declare that it can, and the error names ?chip=", async () => {
    const { bench } = await benchOf(await board(dialect, undefined));
    await expect(bench.program(targets, options)).rejects.toMatchObject({
      code: "wrong-chip",
      message: expect.stringMatching(/does not describe itself.*[?&]chip=FILE\.json/) as string,
    });
  });

  it("is put in standby whatever its description says", async () => {
    const { bench } = await benchOf(await board(dialect, new TextEncoder().encode("no JSON")));
    await expect(bench.standby()).resolves.toMatchObject({ name: "lab-7" });
  });
});

/** A driver in this process, and the tags of requests that were under way at once at most. */
async function driven(answersKept: number, spoil: (bytes: Uint8Array) => Uint8Array = (same) => same) {
  const description = await describePcm64();
  const { document } = await describeChip(parseAddress("emulator:pcm-64"));
  const firmware = new PacketFirmware(findPreset("pcm-64")!, 7);
  firmware.answersKept = answersKept;
  firmware.selfDescription = spoil(emulatedDescription(document!, findPreset("pcm-64")!));
  let [under, most] = [0, 0];
  const line = connectInProcess({
    receive(sent) {
      most = Math.max(most, ++under);
      return firmware.receive(sent, 0).map((reply) => ({ bytes: reply, lateMilliseconds: 1 }));
    },
  });
  const said: SelfDescription[] = [];
  const driver = dialectNamed(builtInDialects, "packet").open(
    {
      ...line,
      onBytes: (listener) =>
        line.onBytes((reply) => {
          under--;
          listener(reply);
        }),
    },
    { address: "emulator:pcm-64", description, session: 5, onDescribed: (of) => void said.push(of) },
  );
  return { driver, said, most: () => most };
}

describe("the board's window", () => {
  it.each([2, 4, 16])(
    "of %i answers is obeyed, and until it is known one request is in flight",
    async (kept) => {
      const { driver, said, most } = await driven(kept);
      await driver.identify();
      expect(most()).toBe(1);
      expect(said).toMatchObject([{ answersKept: kept }]);
      await driver.read({ tile: 0, rowStart: 0, rowCount: 64 }, 1);
      expect(most()).toBeLessThan(kept);
    },
  );
});

describe("a description in parts", () => {
  it("is refused where it holds what is no printable ASCII", async () => {
    const { driver } = await driven(256, (same) =>
      Uint8Array.from(same, (byte, at) => (at === 40 ? 0xb5 : byte)),
    );
    await expect(driver.identify()).rejects.toThrow(/byte 40 of its description is 0xb5/);
  });
});

describe("what contradicts", () => {
  it("is a value that both have and that differs; not what one leaves out, narrower limits, or the user's own", () => {
    const board = { name: "a", model: "x", limits: { max_width_nanoseconds: 100 }, timing: { read: 1 } };
    const here = {
      name: "a",
      model: "y",
      limits: { max_width_nanoseconds: 50 },
      timing: { read: 2 },
      more: 1,
    };
    expect(contradictions(here, board)).toEqual([{ key: "timing.read", here: "2", board: "1" }]);
    expect(contradictions({ ...here, limits: { max_width_nanoseconds: 200 } }, board, ["timing"])).toEqual([
      { key: "limits.max_width_nanoseconds", here: "200", board: "100" },
    ]);
  });
});
