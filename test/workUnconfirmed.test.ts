import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { findPreset } from "../emulator/presets.ts";
import { openTcpLine } from "../emulator/tcpLine.ts";
import { openBench } from "../lab/bench.ts";
import * as messages from "../protocols/packet/messages.ts";
import { mho } from "./support/commandHere.ts";
import { eventLines } from "./support/eventLines.ts";
import { faultyPacket } from "./support/faultyBoards.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

/** A board that answers all but standby, which it says it does not know. Returns its address. */
async function boardWithoutStandby(seed: number): Promise<string> {
  const firmware = new PacketFirmware(findPreset("pcm-64", { births: "sound" })!, seed);
  const board = faultyPacket(firmware, {
    request: (frame) => (frame.kind === messages.kinds.standby ? { ...frame, kind: 0x6e } : frame),
  });
  const line = await openTcpLine(0);
  line.onBytes((bytes) => board.receive(bytes).forEach((reply) => line.write(reply)));
  onTestFinished(() => line.close());
  return `tcp:${line.name}?chip=pcm-64`;
}

async function lab() {
  const folder = emptyFolder();
  const workspace = join(folder, "w");
  const targets = join(folder, "t.csv");
  writeFileSync(targets, Array.from({ length: 256 }, (_, k) => k % 25).join());
  const bad = await boardWithoutStandby(5);
  const queue = (...args: string[]) => mho("queue", args[0]!, "--workspace", workspace, ...args.slice(1));
  return { workspace, targets, bad, queue };
}

describe("mho work with a board that does not confirm standby", () => {
  it("ends with 3 and names the job, whose run is done and whose chip's queue stands; other chips go on", async () => {
    const { workspace, targets, bad, queue } = await lab();
    const good = "emulator:pcm-64?seed=6&births=sound";
    await queue("add", "program", targets, "--chip", bad);
    await queue("add", "measure", "yield", "--row", "0", "--chip", bad);
    await queue("add", "measure", "yield", "--row", "0", "--chip", good);
    const { code, out } = await mho("work", "--workspace", workspace, "--json");
    expect(code).toBe(3);
    const lines = eventLines(out);
    expect(lines.at(-1)).toMatchObject({ done: ["j3"], failed: ["j1"], left: ["j2"], unconfirmed: ["j1"] });
    expect(lines.find((line) => line.type === "job_ended" && line.job === "j1")).toMatchObject({
      error: { code: "standby-failed", message: expect.stringMatching(/Run r\d itself is done/) as string },
    });
    const again = await mho("work", "--workspace", workspace);
    expect([again.code, again.out]).toEqual([0, expect.stringContaining("j2 left behind failures")]);
    expect((await queue("list")).out).toContain("did not confirm standby");
  });

  it("tells it to people, too, and ends with 1 where a job fails and its chip is safe", async () => {
    const { workspace, targets, bad, queue } = await lab();
    await queue("add", "program", targets, "--chip", bad);
    const told = await mho("work", "--workspace", workspace);
    expect(told.out).toContain("work: a chip of j1 did not confirm standby; outputs may be on");
    await queue("remove", "j1");
    const yields = ["program", targets, "--method", "open-loop", "--min-yield", "100"];
    await queue("add", ...yields, "--chip", "emulator:pcm-64?seed=6");
    expect((await mho("work", "--workspace", workspace)).code).toBe(1);
  });

  it("that is stopped ends with 3, and does not say that the chips are in standby", async () => {
    const { workspace, targets, bad } = await lab();
    const stop = new AbortController();
    const bench = await openBench({
      workspace,
      config: "none",
      signal: stop.signal,
      onEvent: ({ type }) => {
        if (type === "turn") stop.abort();
      },
    });
    await bench.queue.add("program", targets, {}, { chip: bad });
    await expect(bench.work()).rejects.toMatchObject({
      code: "standby-failed",
      message: expect.stringMatching(
        /^Stopped; j1 ended before\. Not all chips are in standby: the chip of j1 did not confirm it.* Run mho standby --chip /,
      ) as string,
    });
    await bench.close();
  });
});
