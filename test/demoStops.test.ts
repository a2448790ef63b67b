import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAddress } from "../lab/address.ts";
import { ChipLogs } from "../lab/logs/chipLogs.ts";
import { openLasting } from "../lab/openLasting.ts";
import { openSerial } from "../drivers/serial.ts";
import { mho as mhoHere } from "./support/commandHere.ts";
import { mho, startMho } from "./support/commandLine.ts";
import { emulatorHere } from "./support/emulatorHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { smallWeights } from "./support/smallNetwork.ts";

removeFoldersAfterEach();

// test/slow/demoStops.test.ts has other signals, and other ends.
describe("mho demo", () => {
  it("ends on SIGINT with 130, the chip in standby, the run kept", async () => {
    const folder = emptyFolder();
    const { address } = await emulatorHere("pcm-64?tiles=2", { pty: true });
    const workspace = join(folder, "w");
    const demo = startMho([
      "demo",
      "--json",
      "--weights",
      smallWeights(folder),
      "--out",
      folder,
      "--chip",
      address,
      "--workspace",
      workspace,
    ]);
    await demo.line(/"turn":2/);
    demo.process.kill("SIGINT");
    const { code, out, err } = await demo.ended();
    expect([code, err]).toEqual([
      130,
      expect.stringMatching(/Run r\d was stopped and the chip is in standby\./),
    ]);
    expect(JSON.parse(out.trim().split("\n").at(-1)!)).toMatchObject({
      type: "error",
      code: "interrupted",
    });
    const { out: runs } = await mhoHere("show", "--json", "--workspace", workspace);
    expect(runs).toContain('"outcome":"interrupted"');
    expect(readdirSync(folder).filter((name) => /report|figures/.test(name))).toEqual([]);
  });

  it("over TCP too has one controller: a second one is told who holds the chip, and standby gets through", async () => {
    const folder = emptyFolder();
    const { address } = await emulatorHere("pcm-64", { pace: true });
    const targets = join(folder, "targets.csv");
    writeFileSync(targets, `${Array(256).fill("9").join(",")}\n`.repeat(64));
    const place = ["--workspace", folder, "--chip", address];
    const first = startMho(["program", targets, "--unit", "uS", "--json", ...place]);
    await first.line(/"turn"/);
    // The same address by another name.
    const other = address.replace("127.0.0.1", "localhost");
    const second = await mhoHere("program", targets, "--unit", "uS", "--workspace", folder, "--chip", other);
    expect([second.code, second.err]).toEqual([
      3,
      expect.stringMatching(/mho program \(process \d+\) holds it/),
    ]);
    expect((await mhoHere("standby", "--chip", address)).out).toContain("is in standby");
    expect((await first.ended()).code).toBe(130);
  });

  it("refuses a port that does not exist, and one that is held, with 3", async () => {
    const folder = emptyFolder();
    const demo = ["demo", "--weights", smallWeights(folder), "--workspace", folder, "--chip"];
    const missing = await mhoHere(...demo, "serial:/dev/ttyNoSuchPort?tiles=2");
    expect([missing.code, missing.err]).toEqual([
      3,
      expect.stringMatching(/ttyNoSuchPort: there is no such port/),
    ]);
    const { address } = await emulatorHere("pcm-64?tiles=2", { pty: true });
    const holder = await openSerial(/serial:([^?]+)/.exec(address)![1]!, 3_000_000);
    const held = await mho(...demo, address);
    expect([held.code, held.err]).toEqual([
      3,
      expect.stringMatching(new RegExp(`process ${process.pid}\\) holds it since 20`)),
    ]);
    await holder.close();
  });

  it("refuses a chip with another identity with 3", async () => {
    const folder = emptyFolder();
    const { address } = await emulatorHere("pcm-64?tiles=3", { pty: true });
    const asked = address.replace("tiles=3", "tiles=2");
    const { code, err } = await mhoHere(
      "demo",
      "--weights",
      smallWeights(folder),
      "--workspace",
      folder,
      "--chip",
      asked,
    );
    expect([code, err]).toEqual([3, expect.stringMatching(/has 3 tiles .*and the description says 2 tiles/)]);
  });
});

describe("a chip at a pseudo-terminal whose emulator was killed", () => {
  it("is looked for as long as patience lasts; then what failed and what to check are said", async () => {
    // Of a number of its own: a chip of the same number may open the same pseudo-terminal next, and be taken for it.
    const emulator = startMho(["emulate", `pcm-64?seed=${process.pid}`, "--json"]);
    const { address } = JSON.parse(await emulator.line(/address/)) as { address: string };
    const events: object[] = [];
    const opening = {
      opening: { seed: 7 },
      stop: { requested: false },
      emit: (event: object) => void events.push(event),
      logs: new ChipLogs({ onOwnFailed() {}, wallTime: () => "" }, {}),
    };
    const chip = await openLasting(parseAddress(address), opening, { patienceMilliseconds: 300 });
    await chip.identify();
    emulator.process.kill("SIGKILL");
    await emulator.ended();
    // By which of the two it is noticed first, reading or writing, is chance.
    await expect(chip.read({ tile: 0, rowStart: 0, rowCount: 1 }, 1)).rejects.toMatchObject({
      code: "link-lost",
      message: expect.stringMatching(
        /^(The link to the chip at serial:\/dev\/pts\/\d+\S* is gone|Cannot write to \/dev\/pts\/\d+): .*Check the cable/,
      ) as string,
    });
    expect(events).toEqual([expect.objectContaining({ type: "link_lost" })]);
    await chip.close();
  });
});
