import { deadlineFor } from "../../drivers/deadlines.ts";
import type { ConnectedDriver } from "../../drivers/reconnectingDriver.ts";
import type { ChipDriver, ChipIdentity, Reading } from "../../src/chip/driver.ts";
import { readingFlags } from "../../src/chip/driver.ts";
import { devicesPerRow, formatGeometry } from "../../src/chip/geometry.ts";
import { readMicroseconds } from "../../src/chip/timing.ts";
import { MhoError } from "../../src/errors.ts";
import { type Microseconds, microsecondsPerSecond } from "../../src/units.ts";
import type { CheckedBoard } from "./boardCheck.ts";
import { type DevicePlace, type Finding, type Step, steps } from "./findings.ts";

export interface DriverCheckOptions {
  /** Opens the board's line anew. */
  readonly open: () => Promise<ConnectedDriver>;
  readonly dialect: string;
  readonly place?: Pick<DevicePlace, "tile" | "row"> | undefined;
  /** Whether a device was named that may be pulsed. */
  readonly mayPulse: boolean;
  readonly sleep: (duration: Microseconds) => Promise<void>;
  readonly now: () => Microseconds;
  readonly onFinding?: (finding: Finding) => void;
}

type Say = (step: Step, verdict: Finding["verdict"], text: string) => void;

/**
 * Tries a board whose dialect has no requests of its own to try it by: by its driver, for what the board declares. Nothing is pulsed. The
 * board is in standby when this returns, as far as it obeys.
 */
export async function checkByDriver(options: DriverCheckOptions): Promise<CheckedBoard> {
  const findings: Finding[] = [];
  const say: Say = (step, verdict, text) => {
    findings.push({ step, verdict, text });
    options.onFinding?.({ step, verdict, text });
  };
  let driver = await options.open();
  let identity: ChipIdentity | undefined;
  try {
    identity = await tried(say, "hello", () => driver.identify());
    if (identity === undefined) return { findings, identity };
    const { name, serialNumber, firmware, geometry } = identity;
    const who = `It answers as ${name}, number ${serialNumber}, firmware ${firmware}, with ${formatGeometry(geometry)}.`;
    say("hello", "good", who);
    if (await tryRead(driver, say, options)) {
      await tryTime(driver, identity, say, options);
      await tryLimits(driver, say);
      if (await tryStandby(driver, say, options)) {
        await driver.close();
        driver = await options.open();
        await tryOpening(driver, identity, say, options);
      }
    }
    sayWhatIsNotAsked(findings, say, options);
  } finally {
    await driver.standby().catch(() => {});
    await driver.close();
  }
  return { findings, identity };
}

/** Does what may fail by the board's fault. @returns undefined where it did; the fault is said. */
async function tried<T>(say: Say, step: Step, act: () => Promise<T>, what = ""): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof MhoError)) throw error;
    say(step, "fault", what + error.message);
    return undefined;
  }
}

const readRow = (driver: ChipDriver, { place = { tile: 0, row: 0 } }: DriverCheckOptions): Promise<Reading> =>
  driver.read({ tile: place.tile, rowStart: place.row, rowCount: 1 }, 1);

async function tryRead(driver: ChipDriver, say: Say, options: DriverCheckOptions): Promise<boolean> {
  const { place = { tile: 0, row: 0 }, now } = options;
  const begun = now();
  const reading = await tried(say, "read", () => readRow(driver, options));
  if (reading === undefined) return false;
  const milliseconds = (now() - begun) / 1000;
  const { description } = driver;
  const reckoned = readMicroseconds(description, 1);
  const deadline = deadlineFor(reckoned / 1000, 750);
  const what = `The read of tile ${place.tile}, row ${place.row}`;
  const given = reading.conductanceMicrosiemens.filter(
    (value, k) => Number.isFinite(value) && reading.flags[k] !== readingFlags.invalid,
  );
  const all = reading.flags.length;
  if (given.length === 0) {
    say(
      "read",
      "note",
      `${what} gave no conductance: check that a chip is in the socket, or name another row.`,
    );
    return true;
  }
  if (milliseconds > 2 * deadline) {
    const text = `${what} took ${Math.ceil(milliseconds)} ms, and timing.read_row_microseconds says ${Math.round(reckoned / 1000)} ms: state it as long as it is, or other requests are given up too early.`;
    say("read", "fault", text);
    return true;
  }
  const [least, most] = [given.reduce((a, b) => Math.min(a, b)), given.reduce((a, b) => Math.max(a, b))];
  const range = description.maxConductanceMicrosiemens;
  const some = given.length === all ? `${all}` : `${given.length} of ${all}`;
  const text =
    all === 1
      ? `${what} gave ${shown(least)} µS`
      : `${what} gave ${some} conductances, from ${shown(least)} to ${shown(most)} µS`;
  const beyond = given.filter((value) => value > 2 * range || value < -0.1 * range).length;
  if (2 * beyond > given.length) {
    say(
      "read",
      "note",
      `${text}; what it gave lies mostly outside 0 … ${range} µS, the range of the description: compare both.`,
    );
  } else say("read", "good", `${text}.`);
  return true;
}

const shown = (value: number): number => Number(value.toPrecision(3));

async function tryTime(
  driver: ChipDriver,
  { capabilities }: ChipIdentity,
  say: Say,
  { sleep, now }: DriverCheckOptions,
): Promise<void> {
  const { clock = true, virtualTime } = capabilities;
  const first = await tried(say, "time", () => driver.chipTime());
  const begun = now();
  if (first === undefined) return;
  if (!virtualTime) await sleep(microsecondsPerSecond);
  const then = await tried(say, "time", () =>
    virtualTime ? driver.advance(microsecondsPerSecond) : driver.chipTime(),
  );
  if (then === undefined) return;
  const passed = virtualTime ? microsecondsPerSecond : now() - begun;
  const ratio = (then - first) / passed;
  if (ratio < 0.5 || ratio > 2) {
    const text = `Time moved by ${then - first} µs in ${(passed / microsecondsPerSecond).toFixed(1)} s: give it in whole microseconds.`;
    say("time", "fault", text);
  } else {
    const whose = clock ? "Chip time goes in microseconds." : "The board has no clock: times are the host's.";
    say("time", "good", whose);
  }
}

/** Codes that are all 0 pulse nothing, whatever becomes of the order. */
async function tryLimits(driver: ChipDriver, say: Say): Promise<void> {
  const { geometry, limits } = driver.description;
  const codes = new Uint16Array(devicesPerRow(geometry));
  const widthNanoseconds = Math.floor(limits.maxWidthNanoseconds) + 1;
  const refusal = await driver
    .pulse({ tile: 0, rowStart: 0, rowCount: 1 }, { codes, widthNanoseconds, firstTicket: 1 })
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  if (refusal instanceof MhoError && refusal.code === "limit-exceeded") {
    say("limits", "good", "Limits are kept by mho before anything is sent: check them in the description.");
  } else {
    const text = `The driver did not refuse a pulse of ${widthNanoseconds} ns, above limits.max_width_nanoseconds: do not pulse with it.`;
    say("limits", "fault", text);
  }
}

async function tryStandby(driver: ChipDriver, say: Say, options: DriverCheckOptions): Promise<boolean> {
  const done = await tried(say, "standby", () => driver.standby().then(() => true));
  if (done === undefined) return false;
  const read = await readRow(driver, options).then(
    () => "carried out" as const,
    (error: unknown) => error,
  );
  if (read === "carried out") {
    say(
      "standby",
      "fault",
      "After standby a read was carried out: the driver must refuse it until the chip is identified.",
    );
  } else say("standby", "good", "It takes the order for standby, and is not read after it.");
  return true;
}

async function tryOpening(
  driver: ChipDriver,
  { name, serialNumber }: ChipIdentity,
  say: Say,
  options: DriverCheckOptions,
): Promise<void> {
  const what = "After its port was closed and opened again: ";
  const again = await tried(say, "opening", () => driver.identify(), what);
  if (again === undefined) return;
  if (again.name !== name || again.serialNumber !== serialNumber) {
    const text = `After its port was closed and opened again it calls itself ${again.name}, number ${again.serialNumber}, and before ${name}, number ${serialNumber}: it must not change.`;
    say("opening", "fault", text);
    return;
  }
  if ((await tried(say, "opening", () => readRow(driver, options), what)) === undefined) return;
  say("opening", "good", "After its port was closed and opened again it is the same board, and is read.");
}

function sayWhatIsNotAsked(
  findings: readonly Finding[],
  say: Say,
  { dialect, mayPulse }: DriverCheckOptions,
): void {
  const isTried = new Set<Step>([
    ...findings.map(({ step }) => step),
    "file",
    "left out",
    "not asked",
    "opening",
  ]);
  const others = steps.filter((step) => !isTried.has(step)).join(", ");
  const pulse = mayPulse ? " The device was not pulsed: use mho pulse, which books it." : "";
  const text = `Boards that speak ${dialect} cannot be asked for: ${others}.${pulse}`;
  say("not asked", "not tried", text);
}
