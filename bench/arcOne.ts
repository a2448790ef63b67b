import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { arcOne } from "../drivers/arcOne/dialect.ts";
import { ReconnectingDriver } from "../drivers/reconnectingDriver.ts";
import type { After } from "../drivers/systemClock.ts";
import type { Transport } from "../drivers/transport.ts";
import { ArcOneFirmware } from "../emulator/arcOneFirmware.ts";
import { findPreset } from "../emulator/presets.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { MhoError } from "../src/errors.ts";
import { builtInDefinition } from "../src/model/modelOf.ts";
import { Random, uniformOf } from "../src/random.ts";
import { summarise } from "../src/results/summary.ts";
import { executeRun } from "../src/run/engine.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import { openWorkspace } from "../storage/workspace.ts";

/**
 * All devices of an emulated ArC ONE, programmed over its own bytes, by a cable that is cut and a line that loses tokens.
 *
 *     node dist/bench/arcOne.js [SEED [CUTS [LOST]]]
 */
export async function programArcOne({
  seed,
  method,
  cuts = 0,
  lostTokens = 0,
}: {
  readonly seed: number;
  readonly method: string;
  readonly cuts?: number;
  /** Tokens that never arrive, at random moments. */
  readonly lostTokens?: number;
}) {
  const description = await readChipDescription("chips/arc-one-32.json");
  const firmware = new ArcOneFirmware(findPreset("arc-one-32")!, seed);
  const random = new Random(seed).fork("cable");
  let draws = 0;
  const draw = (below: number): number => Math.floor(below * uniformOf(random.at(draws++, 0).word0));

  let now = 0;
  const clock = {
    nowMicroseconds: () => now,
    sleep(duration: number): Promise<void> {
      now += duration;
      return Promise.resolve();
    },
  };
  // A reply comes within the same turn of the loop; whoever still waits after it waits for the time to pass.
  const after: After = (milliseconds, then) => {
    let off = false;
    setImmediate(() =>
      setImmediate(() => {
        if (off) return;
        now += 1000 * milliseconds;
        then();
      }),
    );
    return () => (off = true);
  };
  const took = { cuts: 0, lostTokens: 0 };
  /** Requests until the next cut, and until a token is lost: spread over the run. */
  let untilCut = cuts > 0 ? 200 + draw(200) : Infinity;
  let untilLoss = lostTokens > 0 ? 100 + draw(200) : Infinity;

  const connect = (): Transport => {
    let onBytes: (bytes: Uint8Array) => void = () => {};
    let onClosed: (reason: string) => void = () => {};
    let open = true;
    const hangUp = (): void => {
      if (open) onClosed("the cable was pulled");
      open = false;
    };
    return {
      port: "cable",
      keepsUp: true,
      onBytes: (listener) => void (onBytes = listener),
      onClosed: (listener) => void (onClosed = listener),
      async write(bytes) {
        if (!open) throw new MhoError("link-lost", "The cable is out.");
        firmware.follow(now);
        const cut = --untilCut < 0;
        let arrives = cut ? bytes.subarray(0, draw(bytes.length + 1)) : bytes;
        if (!cut && --untilLoss < 0) {
          arrives = withoutToken(bytes, draw);
          untilLoss = ++took.lostTokens < lostTokens ? 50 + draw(200) : Infinity;
        }
        const replies = firmware.receive(arrives, now);
        await Promise.resolve();
        now += 2000;
        if (cut) {
          untilCut = ++took.cuts < cuts ? 50 + draw(150) : Infinity;
          return hangUp();
        }
        for (const reply of replies) if (open) onBytes(reply);
      },
      close() {
        hangUp();
        return Promise.resolve();
      },
    };
  };
  let session = 0;
  const openDriver = () =>
    arcOne.open(connect(), {
      address: "cable",
      description,
      session: ++session,
      serialNumber: "DIE-1",
      after,
      hostTime: () => now,
    });
  const driver = new ReconnectingDriver(openDriver(), {
    open: () => Promise.resolve(openDriver()),
    patienceMilliseconds: 1e9,
    sleep: (milliseconds) => clock.sleep(1000 * milliseconds),
    now: () => now / 1000,
    wallTime: () => "2026-01-01T00:00:00Z",
    stopped: () => false,
    onEvent() {},
  });

  const targets = random.fork("targets");
  const targetsMicrosiemens = Float32Array.from(
    { length: 1024 },
    (_, i) => 4 + 32 * uniformOf(targets.at(i, 0).word0),
  );
  const block = { tile: 0, rowStart: 0, rowCount: 32 };
  const folder = mkdtempSync(join(tmpdir(), "mho-bench-"));
  const store = await openWorkspace(folder);
  try {
    const run = await executeRun(
      {
        driver,
        store,
        clock,
        stop: { requested: false },
        wallTime: () => "2026-01-01T00:00:00Z",
        linkNotes: () => driver.linkNotes(),
        onEvent() {},
      },
      {
        title: "ArC ONE",
        chipName: "arc-one-32",
        chipSerialNumber: "DIE-1",
        chipAddress: "cable",
        method,
        model: builtInDefinition("reram-wan-2022")!,
        sweepTimesSeconds: [],
        sweepAverages: 1,
        pulsesPerDevice: 1000,
        tiles: [{ block, targetsMicrosiemens }],
      },
    );
    const minutes = now / 60e6;
    await driver.identify();
    const { conductanceMicrosiemens } = await driver.read(block, 8);
    await driver.standby();
    const ledger = await PulseLedger.ofChip(
      store,
      { name: "arc-one-32", serialNumber: "DIE-1" },
      description.geometry,
    );
    const { verdicts, pulses } = await summarise(store, run);
    const errors = conductanceMicrosiemens.map((g, i) => g - targetsMicrosiemens[i]!);
    const share = (within: (error: number, i: number) => boolean): number =>
      errors.reduce((sum, error, i) => sum + (within(Math.abs(error), i) ? 1 : 0), 0) / errors.length;
    return {
      ...took,
      verdicts,
      pulses,
      minutes,
      /** As the method left them, by the reading that it judged. */
      accepted: (verdicts.accepted ?? 0) / errors.length,
      within5PercentOfTarget: share((error, i) => error <= 0.05 * targetsMicrosiemens[i]!),
      within5PercentOfRange: share((error) => error <= 2),
      felt: firmware.chip.pulsesFeltByTile(0),
      booked: ledger.pulsesOfTile(0),
      uncertain: ledger.uncertainOfTile(0),
    };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function withoutToken(bytes: Uint8Array, draw: (below: number) => number): Uint8Array {
  const tokens = Buffer.from(bytes).toString("latin1").split("\n").slice(0, -1);
  tokens.splice(draw(tokens.length), 1);
  return Buffer.from(tokens.map((token) => `${token}\n`).join(""), "latin1");
}

/** Devices that felt what is not booked, or were booked without a doubt what they did not feel. */
function misbooked({ felt, booked, uncertain }: Awaited<ReturnType<typeof programArcOne>>): number {
  return felt.reduce((sum, n, i) => sum + (n > booked[i]! || n < booked[i]! - uncertain[i]! ? 1 : 0), 0);
}

if (process.argv[1]?.endsWith("arcOne.js") === true) {
  const [seed = 7, cuts = 50, lostTokens = 0] = process.argv.slice(2).map(Number);
  for (const [method, cut, lost] of [
    ["verify", 0, 0],
    ["converge", 0, 0],
    ["converge", cuts, lostTokens],
  ] as const) {
    const found = await programArcOne({ seed, method, cuts: cut, lostTokens: lost });
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    console.log(
      `${method}, ${found.cuts} cuts, ${found.lostTokens} lost tokens: accepted ${percent(found.accepted)}; read afterwards within 5 % of the ` +
        `target ${percent(found.within5PercentOfTarget)}, of the range ${percent(found.within5PercentOfRange)}; ` +
        `${found.pulses} pulses, ${found.minutes.toFixed(1)} min; devices misbooked ${misbooked(found)}, ` +
        `pulses uncertain ${found.uncertain.reduce((sum, n) => sum + n, 0)}; ${JSON.stringify(found.verdicts)}`,
    );
  }
}
