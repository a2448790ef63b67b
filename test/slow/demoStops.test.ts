import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mho, startMho } from "../support/commandLine.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";
import { smallWeights } from "../support/smallNetwork.ts";

removeFoldersAfterEach();

describe("mho demo", () => {
  it.each(["SIGTERM", "SIGHUP"] as const)(
    "ends on %s with 130, the chip in standby, the run kept",
    async (signal) => {
      const folder = emptyFolder();
      const emulator = startMho(["emulate", "pcm-64?tiles=2", "--json", "--no-pace"]);
      const { address } = JSON.parse(await emulator.line(/address/)) as { address: string };
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
      demo.process.kill(signal);
      const { code, out, err } = await demo.ended();
      expect([code, err]).toEqual([
        130,
        expect.stringMatching(/Run r\d was stopped and the chip is in standby\./),
      ]);
      expect(JSON.parse(out.trim().split("\n").at(-1)!)).toMatchObject({
        type: "error",
        code: "interrupted",
      });
      const { out: runs } = await mho("show", "--json", "--workspace", workspace);
      expect(runs).toContain('"outcome":"interrupted"');
      expect(readdirSync(folder).filter((name) => /report|figures/.test(name))).toEqual([]);
      emulator.process.kill("SIGINT");
      expect((await emulator.ended()).code).toBe(0);
    },
  );

  it("ends with 3 and a sentence when its emulator is killed in mid-run, and does not hang", async () => {
    const folder = emptyFolder();
    const demo = startMho([
      "demo",
      "--json",
      "--weights",
      smallWeights(folder),
      "--out",
      folder,
      "--repeats",
      "1",
    ]);
    await demo.line(/"turn":2/);
    const { pid } = demo.process;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    expect(children).toHaveLength(1);
    process.kill(Number(children[0]), "SIGKILL");
    const { code, err } = await demo.ended();
    expect([code, err]).toEqual([3, expect.stringMatching(/^mho: .*Check the cable.*tcp:127\.0\.0\.1:\d+/)]);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  it("lets mho standby through while it runs: it stops, and the chip is in standby", async () => {
    const folder = emptyFolder();
    const emulator = startMho(["emulate", "pcm-64?tiles=18"]);
    const { address } = JSON.parse(await emulator.line(/address/)) as { address: string };
    const demo = startMho([
      "demo",
      "--json",
      "--workspace",
      join(folder, "ws"),
      "--out",
      folder,
      "--chip",
      address,
    ]);
    await demo.line(/"turn"/);
    const standby = await mho("standby", "--chip", address);
    expect([standby.code, standby.out]).toEqual([
      0,
      expect.stringMatching(/mho demo \(process \d+\) holds .*told to stop[^]*is in standby/),
    ]);
    expect((await demo.ended()).code).toBe(130);
    emulator.process.kill("SIGINT");
    await emulator.ended();
  });
});
