import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { BoardTrials, Tried } from "../drivers/boardTrials.ts";
import { connectInProcess } from "../drivers/inProcess.ts";
import { noDefects } from "../emulator/presets.ts";
import type { PacketFirmware } from "../emulator/packetFirmware.ts";
import { findPreset } from "../emulator/presets.ts";
import type { ScpiFirmware } from "../emulator/scpiFirmware.ts";
import { builtInTechnologyFiles } from "../files/chipDescription.ts";
import { parseAddress } from "../lab/address.ts";
import { type BoardCheckOptions, checkBoard } from "../lab/checkChip/boardCheck.ts";
import { judgeDescription, leftOutOf } from "../lab/checkChip/fileCheck.ts";
import type { Finding } from "../lab/checkChip/findings.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../lab/dialects.ts";
import { describeChip } from "../lab/openChip.ts";
import { descriptionByBoard, emulatedDescription } from "../lab/selfDescription.ts";
import { faultyPacket, faultyScpi, packetFaults, scpiFaults } from "./support/faultyBoards.ts";

const sound = { ...findPreset("pcm-64")!, defects: noDefects };

async function firmwareOf(dialect: string, describes = true, preset = sound) {
  const { document } = await describeChip(parseAddress("emulator:pcm-64"));
  const own = describes ? emulatedDescription(document!, preset) : undefined;
  return emulatedChip(dialectNamed(builtInDialects, dialect), preset, 7, own);
}

/** What is found on a board; its time passes at once. */
async function check(
  dialect: string,
  board: { receive(bytes: Uint8Array): readonly Uint8Array[]; tick(at: number): void },
  options: Partial<BoardCheckOptions> & {
    /** What the chip has seen before. */
    readonly before?: (board: BoardTrials) => Promise<void>;
  } = {},
): Promise<readonly Finding[]> {
  let now = 0;
  const line = connectInProcess({
    receive(bytes) {
      board.tick(now);
      return board.receive(bytes);
    },
  });
  const trials = dialectNamed(builtInDialects, dialect).trials!(line, {
    deadlineMilliseconds: 20,
    now: () => now,
  });
  await options.before?.(trials);
  const { findings } = await checkBoard(trials, {
    read: (text) => descriptionByBoard(text, "here"),
    judge: judgeDescription,
    leftOut: (description) => leftOutOf(description, builtInTechnologyFiles),
    device: { tile: 0, row: 3, device: 5 },
    sacrifice: { tile: 0, row: 3, device: 9 },
    watchdog: true,
    sleep(duration) {
      now += duration;
      return Promise.resolve();
    },
    now: () => now,
    ...options,
  });
  return findings;
}

/** Steps of the faults; a fault that is told twice stands here twice. */
const faults = (findings: readonly Finding[]): string[] =>
  findings.filter(({ verdict }) => verdict === "fault").map(({ step }) => step);

const root = new URL("../", import.meta.url);

/** That each fault says what it does to a run, and names a page and a heading of it. */
function expectPlaces(findings: readonly Finding[]): void {
  for (const { text } of findings.filter(({ verdict }) => verdict === "fault")) {
    expect(text.split("In a run, "), text).toHaveLength(2);
    const [, page, heading] = /\((\S+\.md), "([^"]+)"\)\.$/.exec(text) ?? [];
    expect(readFileSync(new URL(page!, root), "utf8").split("\n"), text).toContain(`## ${heading}`);
  }
}

describe.each([
  ["packet", faultyPacket as (firmware: PacketFirmware & ScpiFirmware) => ReturnType<typeof faultyPacket>],
  ["scpi", faultyScpi as (firmware: PacketFirmware & ScpiFirmware) => ReturnType<typeof faultyScpi>],
])("a healthy board, in %s", (dialect, behind) => {
  it("finds by a board's own description what a file is refused for: a range that no model of its devices has", async () => {
    const { document } = await describeChip(parseAddress("emulator:pcm-64"));
    const { model: _, ...own } = JSON.parse(document!.text) as Record<string, unknown>;
    const text = JSON.stringify({ ...own, max_conductance_microsiemens: 20 });
    const firmware = emulatedChip(dialectNamed(builtInDialects, "packet"), sound, 7, Buffer.from(text));
    const found = await check("packet", { receive: (bytes) => firmware.receive(bytes, 0), tick() {} });
    const faults = found.filter(({ step, verdict }) => step === "description" && verdict === "fault");
    expect(faults.map((fault) => fault.text)).toEqual([expect.stringContaining("0 … 20 µS")]);
  });

  it.each([true, false])("has no fault that is found (describes itself: %s)", async (describes) => {
    const firmware = await firmwareOf(dialect, describes);
    const description = describes ? undefined : await describeChip(parseAddress("emulator:pcm-64"));
    const findings = await check(dialect, behind(firmware as PacketFirmware & ScpiFirmware), { description });
    expect(findings.filter(({ verdict }) => verdict === "fault")).toEqual([]);
    const good = findings.filter(({ verdict }) => verdict === "good").map(({ step }) => step);
    expect(good).toEqual(
      expect.arrayContaining([
        "session",
        "check",
        "repeat",
        "read",
        "time",
        "averages",
        "geometry",
        "order",
        "amplitude",
      ]),
    );
    expect(firmware.inStandby).toBe(true);
  });
});

// Of each: what is found, and that nothing else is.
describe("a faulty packet board", () => {
  it.each(Object.entries(packetFaults))("is found to have %s", async (_, fault) => {
    const firmware = (await firmwareOf("packet")) as PacketFirmware;
    const findings = await check("packet", faultyPacket(firmware, fault));
    expect(faults(findings)).toEqual(fault.foundBy.split(" "));
    expectPlaces(findings);
  });
});

/** Rows of zeros as a run of an earlier day fires them. */
function fired(...tickets: readonly number[]): (board: BoardTrials) => Promise<void> {
  return async (board) => {
    await board.open();
    for (const ticket of tickets) {
      const { fate } = await told(
        board.pulse({
          ticket,
          tile: 0,
          row: 0,
          kind: "reset",
          widthNanoseconds: 100,
          trailingNanoseconds: 0,
          gateCode: 0,
          codes: new Uint16Array(256),
        }),
      );
      expect(fate).toBe("fired");
    }
  };
}

async function told<T>(tried: Promise<Tried<T>>): Promise<T> {
  const given = await tried;
  if (given.kind !== "answered") throw new Error(`The board ${given.kind}.`);
  return given.value;
}

// Of used chips tickets above the newest, below it, and none below it can be taken.
describe.each([
  ["few tickets, and far apart", fired(5_000_000, 5_000_300, 5_000_600, 5_001_200)],
  ["its first tickets", fired(1, 2, 3, 4, 5, 6)],
  ["all that it remembers", fired(...Array.from({ length: 1030 }, (_, k) => 5_000_000 + k))],
])("a chip that has used %s", (used, before) => {
  it("has no fault that is found, and keeps its newest ticket where others are left", async () => {
    const firmware = (await firmwareOf("packet")) as PacketFirmware;
    const findings = await check("packet", faultyPacket(firmware), { before });
    expect(faults(findings)).toEqual([]);
    const hasRisen = findings.some(({ step, verdict }) => step === "tickets" && verdict === "note");
    expect(hasRisen).toBe(!used.startsWith("few"));
  });

  it.each([
    "a ticket that never fired told as fired",
    "a fired ticket told as not fired",
    "fates of 64 tickets kept",
    "fates of 1,000 tickets kept",
    "0 for its newest ticket in every hello",
    "a refused pulse that uses up its ticket",
    "an abort that calls nothing off",
    "pulses in standby",
  ])("is found to have %s, and nothing else", async (name) => {
    const fault = packetFaults[name]!;
    const firmware = (await firmwareOf("packet")) as PacketFirmware;
    const findings = await check("packet", faultyPacket(firmware, fault), { before });
    expect(faults(findings)).toEqual([fault.foundBy]);
    expectPlaces(findings);
  });
});

describe("a faulty SCPI board", () => {
  it.each(Object.entries(scpiFaults))("is found to have %s", async (_, fault) => {
    const firmware = (await firmwareOf("scpi")) as ScpiFirmware;
    const findings = await check("scpi", faultyScpi(firmware, fault));
    expect(faults(findings)).toEqual(fault.foundBy.split(" "));
    expectPlaces(findings);
  });
});
