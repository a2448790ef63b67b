import { type ConnectedDriver, ReconnectingDriver } from "../../drivers/reconnectingDriver.ts";
import { SteadyClock } from "../../drivers/steadyClock.ts";
import type { Transport } from "../../drivers/transport.ts";
import { type FaultRecord, noFaults } from "../../emulator/faults.ts";
import { FaultyLine } from "../../emulator/faultyLine.ts";
import { findPreset, noDefects, type Preset } from "../../emulator/presets.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../../lab/dialects.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import { devicesPerRow } from "../../src/chip/geometry.ts";
import type { RunEvent } from "../../src/run/events.ts";
import type { LogLevel } from "../../src/log.ts";
import type { RunContext } from "../../src/run/context.ts";
import type { RunStore } from "../../src/run/store.ts";
import { VirtualTime } from "../soak/virtualTime.ts";
import { describePcm64 } from "./chips.ts";
import { keepingLog } from "./logs.ts";

export interface SlowBoardOptions {
  readonly dialect?: string;
  /** What each device takes, in a read and in a pulse; ms. */
  readonly deviceMilliseconds?: number;
  /** What the description says of that; the truth where not given. */
  readonly describedMilliseconds?: number;
  readonly lineBytesPerSecond?: number;
  readonly rows?: number;
  readonly columns?: number;
  readonly tiles?: number;
  readonly faults?: Partial<FaultRecord>;
  /** Chip time goes with link time, and cannot be moved. */
  readonly realTime?: boolean;
  readonly leastLevel?: LogLevel;
}

/** A board that takes its time, on the line and on the array, in link time that costs none. */
export async function slowBoard(store: RunStore, options: SlowBoardOptions = {}) {
  const { dialect = "packet", deviceMilliseconds = 10, describedMilliseconds = deviceMilliseconds } = options;
  const { lineBytesPerSecond = 300_000, rows = 4, columns = 10, tiles = 1, faults } = options;
  const { realTime = false } = options;
  const time = new VirtualTime();
  const usual = findPreset("pcm-64", { deviceMilliseconds })!;
  const geometry = { ...usual.geometry, tiles, rows, columns };
  const row = Math.round(1000 * deviceMilliseconds * devicesPerRow(geometry));
  const preset: Preset = {
    ...usual,
    variant: "slow",
    geometry,
    defects: noDefects,
    readout: { ...usual.readout, readRowMicroseconds: row, pulseRowMicroseconds: row },
    firmware: { ...usual.firmware, lineBytesPerSecond },
  };
  const described = Math.round(1000 * describedMilliseconds * devicesPerRow(geometry));
  const description: ChipDescription = {
    ...(await describePcm64()),
    geometry,
    timing: { readRowMicroseconds: described, pulseRowMicroseconds: described },
    line: { baud: 10 * lineBytesPerSecond, bitsPerByte: 10 },
  };
  const language = dialectNamed(builtInDialects, dialect);
  const firmware = emulatedChip(language, preset, 7);
  const line = new FaultyLine(firmware, { ...noFaults, ...faults });
  const events: RunEvent[] = [];
  const { log, records } = keepingLog(options.leastLevel);
  const wallTime = (): string => new Date(Date.UTC(2026, 0, 1) + time.nowMicroseconds() / 1000).toISOString();
  let opened = 0;
  let busyUntil = 0;
  const seen = { longestRequestMicroseconds: 0 };
  const connect = (): ConnectedDriver => {
    let onBytes: (bytes: Uint8Array) => void = () => {};
    let open = true;
    const transport: Transport = {
      port: `port ${++opened}`,
      onBytes: (listener) => void (onBytes = listener),
      onClosed: () => {},
      write(bytes) {
        if (realTime) firmware.follow(time.nowMicroseconds());
        const before = firmware.workedMicroseconds;
        const { deliveries } = line.receive(bytes, time.nowMicroseconds());
        const worked = firmware.workedMicroseconds - before;
        const back = deliveries.reduce((sum, delivery) => sum + delivery.bytes.length, 0);
        seen.longestRequestMicroseconds = Math.max(seen.longestRequestMicroseconds, worked);
        const passing = (1e6 * (bytes.length + back)) / lineBytesPerSecond;
        busyUntil = Math.max(busyUntil, time.nowMicroseconds()) + worked + passing;
        const wait = (busyUntil - time.nowMicroseconds()) / 1000;
        for (const delivery of deliveries)
          time.after(wait + delivery.lateMilliseconds, () => open && onBytes(delivery.bytes));
        return Promise.resolve();
      },
      close() {
        open = false;
        return Promise.resolve();
      },
    };
    const now = (): number => time.nowMicroseconds();
    const settings = { address: "slow", description, session: 1000 + opened, after: time.after, now, log };
    return language.open(transport, settings);
  };
  const stop = { requested: false };
  const link = new ReconnectingDriver(connect(), {
    open: () => Promise.resolve(connect()),
    patienceMilliseconds: 30_000,
    sleep: (milliseconds) => time.sleep(1000 * milliseconds),
    now: () => time.nowMicroseconds() / 1000,
    wallTime,
    stopped: () => stop.requested,
    onEvent: (event) => events.push(event),
    log,
  });
  const driver = new SteadyClock(link, store, wallTime, log);
  const context: RunContext = {
    driver,
    store,
    clock: time,
    stop,
    wallTime,
    markClock: () => driver.mark(),
    linkNotes: () => link.linkNotes(),
    onEvent: (event) => events.push(event),
    log,
  };
  return { time, firmware, line, description, link, driver, context, events, stop, records, seen };
}
