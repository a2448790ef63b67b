import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PacketDriver } from "../drivers/packet/packetDriver.ts";
import { openSerial } from "../drivers/serial.ts";
import { systemClock } from "../drivers/systemClock.ts";
import { recorded } from "../drivers/transcript.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import type { Seen } from "../src/program/method.ts";
import { builtInMethods, methodFor } from "../src/program/methods.ts";
import { executeRun } from "../src/run/engine.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { openWorkspace } from "../storage/workspace.ts";

/**
 * What a turn costs besides the line: node dist/bench/turns.js. First a method's decision for 65,536 devices, then the share
 * of its time that a program spends on the wire, on pcm-256 behind a pseudo-terminal paced at 3 Mbaud.
 */
const description = await readChipDescription("chips/pcm-256.json");

for (const name of ["verify", "residual"] as const) {
  for (let warming = 0; warming < 3; warming++) decisions(name);
  const { median, longest, count } = decisions(name);
  console.log(
    `${name}: ${count} decisions for 65,536 devices, warm: median ${median.toFixed(2)} ms, longest ${longest.toFixed(2)} ms (bar 5)`,
  );
}
if (!process.argv.includes("--no-wire")) await wire();

function decisions(name: "verify" | "residual"): { median: number; longest: number; count: number } {
  const count = 65_536;
  const targets = Float32Array.from({ length: count }, (_, i) => 1 + (i % 20));
  const method = methodFor(builtInMethods, name, description);
  const state = method.begin(
    {
      rowCount: 64,
      tileRows: 64,
      devicesPerRow: 1024,
      targetsMicrosiemens: targets.slice(),
      pulses: description.pulses,
      maxCode: 1000,
      pulsesLeft: new Uint32Array(count).fill(1000),
      cells: {
        devicesPerCell: 4,
        factors: [2, -2, 1, -1],
        wantedMicrosiemens: Float32Array.from({ length: count / 4 }, (_, cell) => {
          const at = 4 * cell;
          return 2 * (targets[at]! - targets[at + 1]!) + targets[at + 2]! - targets[at + 3]!;
        }),
      },
    },
    pcm90nm,
  );
  const times: number[] = [];
  let seen: Seen | undefined;
  for (let turn = 0; turn < 200; turn++) {
    const begun = performance.now();
    const { look } = method.next(state, seen);
    times.push(performance.now() - begun);
    if (look.kind === "done") break;
    // A world in which about a quarter of the devices get where they should, every turn.
    seen = {
      conductanceMicrosiemens: targets.map(
        (g, i) => g * (1 + 0.3 * (((i * 7919 + turn * 104_729) % 1000) / 1000 - 0.5)),
      ),
      flags: new Uint8Array(count),
      agesSeconds: new Float32Array(count).fill(0.5),
      unsure: new Uint8Array(count),
    };
  }
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1]!, longest: times.at(-1)!, count: times.length };
}

async function wire(): Promise<void> {
  const child = spawn(process.execPath, ["dist/cli/main.js", "emulate", "pcm-256", "--quiet"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const { address } = JSON.parse(await new Promise<string>((resolve) => lines.once("line", resolve))) as {
    address: string;
  };
  let bytes = 0;
  const port = await openSerial(/serial:([^?]+)/.exec(address)![1]!, description.line.baud);
  const transport = recorded(
    port,
    () => 0,
    ({ hex }) => void (bytes += hex.length / 2),
  );
  const driver = new PacketDriver(transport, { address, description, session: 5 });
  const folder = mkdtempSync(join(tmpdir(), "mho-bench-"));
  const store = await openWorkspace(folder);
  const { serialNumber } = await driver.identify();
  const stop = { requested: false };
  let turns = 0;
  let begun = 0;
  let elapsed = 0;
  const plan: RunPlan = {
    title: "bench",
    chipName: "pcm-256",
    chipSerialNumber: serialNumber,
    chipAddress: address,
    method: "verify",
    model: pcm90nmDefinition,
    sweepTimesSeconds: [],
    sweepAverages: 1,
    pulsesPerDevice: 200,
    tiles: [
      {
        block: { tile: 0, rowStart: 0, rowCount: 256 },
        targetsMicrosiemens: Float32Array.from({ length: 262_144 }, (_, i) => 1 + (i % 20)),
      },
    ],
  };
  const context = {
    driver,
    store,
    clock: systemClock,
    stop,
    wallTime: () => "",
    onEvent({ type }: { type: string }) {
      if (type === "started") {
        begun = performance.now();
        bytes = 0;
      }
      if (type !== "turn" || ++turns < 12) return;
      elapsed = (performance.now() - begun) / 1000;
      stop.requested = true;
    },
  };
  await executeRun(context, plan).catch(() => undefined);
  const onWire = bytes / (description.line.baud / description.line.bitsPerByte);
  console.log(
    `pcm-256 at 3 Mbaud: ${turns} turns in ${elapsed.toFixed(1)} s, of which ${onWire.toFixed(1)} s (${((100 * onWire) / elapsed).toFixed(1)} %) on the wire (bar 85 %)`,
  );
  await driver.close();
  await store.close();
  rmSync(folder, { recursive: true });
  child.kill();
}
