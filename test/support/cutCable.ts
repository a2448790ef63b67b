import { type ConnectedDriver, ReconnectingDriver } from "../../drivers/reconnectingDriver.ts";
import type { Transport } from "../../drivers/transport.ts";
import type { Firmware } from "../../emulator/firmware.ts";
import { noDefects, pcm64, type Preset } from "../../emulator/presets.ts";
import { builtInDialects, dialectNamed, emulatedChip, type LabDialect } from "../../lab/dialects.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import { MhoError } from "../../src/errors.ts";
import { pcm90nmDefinition } from "../../src/model/builtIn.ts";
import { executeRun } from "../../src/run/engine.ts";
import type { LinkEvent, RunEvent } from "../../src/run/events.ts";
import { PulseLedger } from "../../src/run/ledger.ts";
import type { RunPlan } from "../../src/run/plan.ts";
import { summarise } from "../../src/results/summary.ts";
import { openWorkspace } from "../../storage/workspace.ts";
import { describePcm64, stillClock } from "./chips.ts";
import { emptyFolder } from "./folders.ts";
import { keepingLog } from "./logs.ts";

/** A cable to an emulated chip that can be cut at any byte, and is back after a few tries, at another port. */
export class Cable {
  readonly dialect: LabDialect;
  readonly firmware: Firmware;
  ports = 0;
  cuts = 0;
  /** Writes until the next cut; the last one arrives or not, by its parity. */
  writesLeft = Infinity;
  #triesUntilBack = 0;
  brownOut = false;
  /** Writes before which the chip's watchdog fires, and what it is told of. */
  readonly sleepsBefore = new Set<number>();
  sleepMilliseconds = 60_000;
  onSleep: () => void = () => {};
  #writes = 0;

  constructor(dialect: LabDialect | string = "packet", preset: Preset = { ...pcm64(1), defects: noDefects }) {
    this.dialect = typeof dialect === "string" ? dialectNamed(builtInDialects, dialect) : dialect;
    this.firmware = emulatedChip(this.dialect, preset, 7);
  }
  onCut: () => void = () => {};

  open(): Transport {
    if (this.#triesUntilBack-- > 0) throw new MhoError("port-failed", "Cannot open the port: there is none.");
    let onBytes: (bytes: Uint8Array) => void = () => {};
    let onClosed: (reason: string) => void = () => {};
    let open = true;
    const end = (reason: string): void => {
      if (!open) return;
      open = false;
      onClosed(reason);
    };
    return {
      port: `port ${++this.ports}`,
      onBytes: (listener) => void (onBytes = listener),
      onClosed: (listener) => void (onClosed = listener),
      write: async (bytes) => {
        if (!open) throw new MhoError("link-lost", "The cable is out.");
        if (--this.writesLeft < 0) {
          this.cuts++;
          this.#triesUntilBack = this.cuts % 3;
          // Half of the cuts come after the chip heard, and before it was heard.
          if (this.brownOut) this.firmware.sag(bytes, 0);
          else if (this.cuts % 2 === 0) this.firmware.receive(bytes, 0);
          this.onCut();
          end("the cable was pulled");
          throw new MhoError("link-lost", "The cable was pulled.");
        }
        if (this.sleepsBefore.has(this.#writes++)) {
          this.firmware.tick(60e6);
          this.onSleep();
        }
        const replies = this.firmware.receive(bytes, 0);
        await Promise.resolve();
        if (open) for (const reply of replies) onBytes(reply);
      },
      close: () => {
        end("closed");
        return Promise.resolve();
      },
    };
  }
}

export const plan: RunPlan = {
  title: "verify",
  chipName: "pcm-64",
  chipSerialNumber: "EMU-7",
  chipAddress: "cable",
  method: "verify",
  model: pcm90nmDefinition,
  sweepTimesSeconds: [1],
  sweepAverages: 1,
  pulsesPerDevice: 200,
  tiles: [
    {
      block: { tile: 0, rowStart: 0, rowCount: 4 },
      targetsMicrosiemens: Float32Array.from({ length: 1024 }, (_, i) => 1 + (i % 24)),
    },
  ],
};

/** Runs the plan over a cable that is cut after so many writes each time. */
export async function runOver(
  cable: Cable,
  cutAfter: () => number,
  patienceMilliseconds = 1e6,
  stopped: () => boolean = () => false,
  over: Partial<RunPlan> = {},
  describe: () => Promise<ChipDescription> = describePcm64,
) {
  const description = await describe();
  const links: LinkEvent[] = [];
  const notedMeanwhile: (string | undefined)[] = [];
  const { log, records } = keepingLog();
  let session = 1;
  let now = 0;
  const clock = stillClock();
  let wall = Date.parse("2026-01-01T00:00:00Z");
  cable.onSleep = () => (wall += cable.sleepMilliseconds);
  const store = await openWorkspace(emptyFolder());
  const connect = (): ConnectedDriver =>
    cable.dialect.open(cable.open(), {
      address: "cable",
      description,
      session: session++,
      serialNumber: plan.chipSerialNumber,
      hostTime: () => clock.nowMicroseconds(),
      deadlineMilliseconds: 20,
    });
  const driver = new ReconnectingDriver(connect(), {
    open: () => {
      cable.writesLeft = cutAfter();
      return Promise.resolve().then(connect);
    },
    patienceMilliseconds,
    stopped,
    now: () => now,
    wallTime: () => new Date(wall).toISOString(),
    async sleep(milliseconds) {
      now += milliseconds;
      const [run] = await store.runs();
      // Whoever looks on knows of it while the chip is still being looked for.
      if (run !== undefined) notedMeanwhile.push((await store.notes(run.id)).at(-1)?.what);
    },
    onEvent: (event) => links.push(event),
    log,
  });
  const events: RunEvent[] = [];
  cable.writesLeft = 1 + cutAfter();
  const outcome = await executeRun(
    {
      driver,
      store,
      clock,
      stop: { requested: false },
      linkNotes: () => driver.linkNotes(),
      onLinkNote: (listener) => driver.onLinkNote(listener),
      wallTime: () => "2026-01-01T00:00:00Z",
      onEvent: (event) => events.push(event),
      log,
    },
    { ...plan, ...over },
  ).then(
    (id) => id,
    (error: unknown) => error as MhoError,
  );
  const ledger = await PulseLedger.ofChip(
    store,
    { name: description.name, serialNumber: "EMU-7" },
    description.geometry,
  );
  const booked = ledger.pulsesOfTile(0);
  const uncertain = ledger.uncertainOfTile(0);
  const notes = (await store.runs()).length > 0 ? await store.notes("r1") : [];
  const pending = notes.length === 0 ? undefined : (await summarise(store, "r1")).verdicts.pending;
  await store.close();
  const felt = cable.firmware.chip.pulsesFeltByTile(0);
  return { outcome, events, links, records, notes, notedMeanwhile, booked, uncertain, felt, pending };
}
