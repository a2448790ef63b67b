import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBench } from "../../lab/bench.ts";
import { emulate, type Emulation } from "../../lab/emulate/emulate.ts";
import { mho } from "../support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";
import { smallWeights } from "../support/smallNetwork.ts";

removeFoldersAfterEach();

const served = (seed: number): Promise<Emulation> =>
  emulate("pcm-64", { seed, tcpPort: 0, pace: false, onReplugged() {} });

async function strategyIn(folder: string): Promise<string> {
  const file = join(folder, "strategy.json");
  await mho("optimize", smallWeights(folder), "--model", "pcm-90nm", "--out", file);
  return file;
}

describe("a chip of a network whose cable is pulled for good", () => {
  it("is looked for as long as ever, then a spare holds its share, and the other chip never waited", async () => {
    const folder = emptyFolder();
    const pulled = await served(2);
    const lost: string[] = [];
    const done: string[] = [];
    const bench = await openBench({
      workspace: join(folder, "w"),
      onEvent(event) {
        if (event.type === "turn" && event.run === runOfPulled && event.turn > 0) pulled.close();
        if (event.type === "started" && event.serial_number === "EMU-2") runOfPulled = event.run;
        if (event.type === "link_lost") lost.push(event.address);
        if (event.type === "ended")
          done.push(`${event.run === runOfPulled ? "pulled" : "other"} ${event.outcome}`);
      },
    });
    let runOfPulled = "";
    const network = await bench.program(await strategyIn(folder), {
      chips: ["emulator:pcm-64?seed=1", pulled.address],
      spares: ["emulator:pcm-64?seed=3"],
    });
    expect(lost).toEqual([pulled.address]);
    expect(done).toEqual(["other done", "pulled failed", "other done"]);
    const { shares, result } = await bench.network(network);
    expect(shares.map(({ serialNumber, outcome }) => [serialNumber, outcome])).toEqual([
      ["EMU-1", "done"],
      ["EMU-3", "done"],
    ]);
    expect(shares[1]!.before).toMatchObject([{ run: runOfPulled, chip: pulled.address }]);
    expect(result!.yieldPercent).toBeGreaterThan(99);
    await bench.close();
  });
});

describe("the accuracy of a network over chips", () => {
  it("is that of the same network on one chip that holds it all", async () => {
    const folder = emptyFolder();
    const strategy = join(folder, "mlp.json");
    await mho("optimize", "examples/digits/digits-mlp.onnx", "--model", "pcm-90nm", "--out", strategy);
    const lastAccuracy = async (chips: string[]): Promise<number> => {
      const workspace = emptyFolder();
      const bench = await openBench({ workspace });
      const id = await bench.program(strategy, { chips, method: "open-loop" });
      const page = join(workspace, "page.html");
      const { figures } = await bench.report(id, { out: page, network: "mlp" });
      await bench.close();
      const line = readFileSync(figures, "utf8")
        .split("\n")
        .find((text) => /^accuracy_over_time,.*standard error/.test(text));
      return Number(/seconds,([\d.]+),percent/.exec(line!)?.[1]);
    };
    const one = await lastAccuracy(["emulator:pcm-64?tiles=14&seed=1"]);
    const two = await lastAccuracy(["emulator:pcm-64?tiles=7&seed=1", "emulator:pcm-64?tiles=7&seed=2"]);
    expect(one).toBeGreaterThan(95);
    // 597 images: their standard error is 0.6 points.
    expect(Math.abs(two - one)).toBeLessThan(1.5);
  });
});
