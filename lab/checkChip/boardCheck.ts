import type { BoardTrials } from "../../drivers/boardTrials.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import type { ChipIdentity } from "../../src/chip/driver.ts";
import { devicesPerRow, formatGeometry, sameGeometry } from "../../src/chip/geometry.ts";
import { lineMicroseconds, pulseMicroseconds, readMicroseconds } from "../../src/chip/timing.ts";
import { MhoError } from "../../src/errors.ts";
import type { Microseconds } from "../../src/units.ts";
import { type Booked, notBooked } from "./bookedPulses.ts";
import { tryAmplitude, tryOrder } from "./device.ts";
import { tellStrayErrors, tryAbort, tryDialogue, tryStandby, tryWatchdog } from "./dialogue.ts";
import { type DevicePlace, did, type Finding, type Trial, withPlace } from "./findings.ts";
import { tryLimits } from "./pulses.ts";
import { tryAverages, tryGeometry, tryRead, tryTime } from "./reads.ts";
import { tryFirstTicket, tryTickets } from "./tickets.ts";
import { TicketSource } from "./ticketSource.ts";

export interface BoardCheckOptions {
  /** A file's, where one is given. */
  readonly description?: ChipDescription | undefined;
  /** Reads what the board says of itself. Throws MhoError. */
  readonly read: (text: string) => ChipDescription;
  /** Refuses what contradicts the file, where one is given. Throws MhoError. */
  readonly compare?: ((text: string) => void) | undefined;
  /** What a description contradicts in itself, and what it leaves out, a sentence each. */
  readonly judge: (description: ChipDescription) => Promise<readonly Omit<Finding, "step">[]>;
  readonly leftOut: (description: ChipDescription) => readonly string[];
  /** It is given pulses within the limits, for the order of devices. */
  readonly device?: DevicePlace | undefined;
  /** It is given up: an amplitude above the limit is tried on it. */
  readonly sacrifice?: DevicePlace | undefined;
  /** Books what is fired at a device. Throws MhoError where it cannot; nothing is booked where it is not given. */
  readonly book?: (
    board: BoardTrials,
    identity: ChipIdentity,
    description: ChipDescription,
    place: DevicePlace,
  ) => Promise<Booked>;
  /** Told the highest ticket that tries used, where that is above the chip's newest at the hello. */
  readonly onTickets?: (identity: ChipIdentity, highest: number) => Promise<void>;
  /** Whether the watchdog's time is waited for. */
  readonly watchdog: boolean;
  readonly sleep: (duration: Microseconds) => Promise<void>;
  readonly now: () => Microseconds;
  /** Told of each finding as it comes. */
  readonly onFinding?: (finding: Finding) => void;
}

/** What was found on a board, and what it called itself. */
export interface CheckedBoard {
  readonly findings: readonly Finding[];
  readonly identity: ChipIdentity | undefined;
}

/**
 * Tries a board step by step, without harm: reads, rows of zeros that touch no device, and, only at a device that is named, pulses within
 * the limits. The board is in standby when this returns, as far as it obeys.
 */
export async function checkBoard(board: BoardTrials, options: BoardCheckOptions): Promise<CheckedBoard> {
  const findings: Finding[] = [];
  const say: Trial["say"] = (step, verdict, what) => {
    const text = verdict === "fault" ? withPlace(board, step, what) : what;
    findings.push({ step, verdict, text });
    options.onFinding?.({ step, verdict, text });
  };
  const hello = await board.open();
  if (hello.kind !== "answered") {
    say(
      "hello",
      "fault",
      `The hello ${did(hello)}: check the port, its rate and the dialect, and the frame and the identity against the page.`,
    );
    return { findings, identity: undefined };
  }
  const identity = hello.value;
  const { name, serialNumber, firmware, geometry } = identity;
  say(
    "hello",
    "good",
    `It calls itself ${name}, number ${serialNumber}, firmware ${firmware}, with ${formatGeometry(geometry)}.`,
  );
  if (serialNumber === "") {
    const text =
      "The board has no serial number: give each its own. In a run, the pulses of two boards are booked as those of one chip.";
    say("hello", "fault", text);
  }
  try {
    const described = await tryDescription(board, identity, say, options);
    const { tile, row } = options.device ?? options.sacrifice ?? { tile: 0, row: 0 };
    const { sleep, now } = options;
    const known = described.description;
    if (known !== undefined) board.takes = takesOf(known);
    const trial: Trial = { board, identity, ...described, place: { tile, row }, say, sleep, now };
    await tryAll(trial, options);
    const { description, isBoards } = trial;
    if (isBoards && description !== undefined) {
      for (const text of options.leftOut(description)) say("left out", "note", text);
    }
  } finally {
    await board.standby();
  }
  return { findings, identity };
}

/** By the description and the line. */
function takesOf(description: ChipDescription): BoardTrials["takes"] {
  const line = lineMicroseconds(description, 8 * devicesPerRow(description.geometry) + 200);
  const { minWidthNanoseconds: widthNanoseconds } = description.limits;
  const pulse = pulseMicroseconds(description, { widthNanoseconds });
  return { read: (averages) => readMicroseconds(description, averages) + line, pulse: () => pulse + line };
}

async function tryAll(trial: Trial, options: BoardCheckOptions): Promise<void> {
  const { device, sacrifice, watchdog } = options;
  const { board, identity, say } = trial;
  for (const place of [device, sacrifice]) refusePlace(identity, place);
  await tryDialogue(trial);
  tellStrayErrors(trial);
  if (!(await tryRead(trial))) {
    say("averages", "not tried", "What needs reads was not tried: mend the read first.");
    return;
  }
  await tryTime(trial);
  await tryAverages(trial);
  const tickets = new TicketSource(board, identity.newestTicket);
  // Before all else that gives pulses: a board whose newest ticket is wrong refuses them as stale, and would be blamed for its limits.
  const first = await tryFirstTicket(trial, tickets);
  await tryGeometry(trial, first === "cannot fire" ? undefined : tickets);
  if (first === "cannot fire") {
    await tryStandby(trial, undefined, false);
    for (const step of ["limits", "abort", "order", "amplitude"] as const)
      say(step, "not tried", "What needs pulses was not tried: mend the tickets first.");
    await tryOrLeaveWatchdog(trial, watchdog);
    return;
  }
  await tryLimits(trial, tickets);
  const fireOnce = await tryTickets(trial, tickets, first);
  if (!fireOnce) tickets.believeNoFates();
  await tryAbort(trial, tickets, fireOnce);
  await tryStandby(trial, tickets, fireOnce);
  if (device !== undefined)
    await booked(trial, options, "order", device, (fire) => tryOrder(trial, device, tickets, fire));
  else
    say(
      "order",
      "not tried",
      "The order of devices was not tried: name a device that may be pulsed, such as --device 0:0:1.",
    );
  if (sacrifice !== undefined)
    await booked(trial, options, "amplitude", sacrifice, (fire) =>
      tryAmplitude(trial, sacrifice, tickets, fire),
    );
  else
    say(
      "amplitude",
      "not tried",
      "Whether amplitudes above the limit are refused was not tried: give up a device for it, such as --sacrifice 0:0:1.",
    );
  if (tickets.raised) await options.onTickets?.(identity, tickets.highest);
  if (tickets.raised && identity.newestTicket > 0) {
    const text =
      "The board's newest ticket has risen: another workspace that knows this chip asks for --accept-unknown-wear once.";
    say("tickets", "note", text);
  }
  await tryOrLeaveWatchdog(trial, watchdog);
}

async function tryOrLeaveWatchdog(trial: Trial, isWaitedFor: boolean): Promise<void> {
  if (isWaitedFor) await tryWatchdog(trial);
  else trial.say("watchdog", "not tried", "The watchdog was not tried.");
}

/** Lets a device be pulsed, and says where the pulses are booked. */
async function booked(
  { board, identity, description, say }: Trial,
  { book }: BoardCheckOptions,
  step: "order" | "amplitude",
  place: DevicePlace,
  tryIt: (fire: Booked["fire"]) => Promise<void>,
): Promise<void> {
  const at = `device ${place.tile}:${place.row}:${place.device}`;
  if (book === undefined || description === undefined || identity.serialNumber === "") {
    const why =
      identity.serialNumber === ""
        ? "the board has no serial number to book them by"
        : "an emulated chip in this process is a new one at each check";
    if (description !== undefined) say(step, "note", `Pulses at ${at} are booked in no workspace: ${why}.`);
    return tryIt(notBooked(board).fire);
  }
  let books: Booked;
  try {
    books = await book(board, identity, description, place);
  } catch (error) {
    if (!(error instanceof MhoError)) throw error;
    say(step, "not tried", `Nothing was fired at ${at}, for it could not be booked: ${error.message}`);
    return;
  }
  let run: string | undefined;
  try {
    await tryIt(books.fire);
  } finally {
    run = await books.close();
  }
  if (run !== undefined) say(step, "note", `The pulses at ${at} are booked as run ${run}.`);
}

/** What the board says of itself: whether it can be read, and whether it is of this board. */
async function tryDescription(
  board: BoardTrials,
  identity: ChipIdentity,
  say: Trial["say"],
  options: BoardCheckOptions,
): Promise<Pick<Trial, "description" | "isBoards" | "answersKept">> {
  const byFile = { description: options.description, isBoards: false };
  if (identity.capabilities.describe !== true) {
    const text =
      byFile.description === undefined
        ? "The board does not describe itself: name its description with ?chip=FILE.json, or let the firmware give it."
        : "The board does not describe itself: its address needs ?chip=FILE.json each time.";
    say("description", "note", text);
    return byFile;
  }
  const said = await board.describe();
  if (said.kind !== "answered") {
    const became = said.kind === "strange" ? `cannot be used, for ${said.what}` : did(said);
    say("description", "fault", `The description ${became}: give it as the page says, or do not declare it.`);
    return byFile;
  }
  const { text, answersKept } = said.value;
  let description: ChipDescription;
  try {
    description = options.read(text);
    options.compare?.(text);
  } catch (error) {
    if (!(error instanceof MhoError)) throw error;
    say("description", "fault", error.message);
    return byFile;
  }
  const { name, geometry } = description;
  if (name !== identity.name || !sameGeometry(geometry, identity.geometry)) {
    say(
      "description",
      "fault",
      `The description is of ${name} with ${formatGeometry(geometry)}, and the hello of ${identity.name} with ` +
        `${formatGeometry(identity.geometry)}: say the same in both.`,
    );
    return byFile;
  }
  const kept = answersKept === undefined ? "" : `; it keeps ${answersKept} answers`;
  say("description", "good", `The board describes itself in ${text.length} bytes${kept}.`);
  for (const { verdict, text: what } of await options.judge(description)) say("description", verdict, what);
  return { description, isBoards: true, answersKept };
}

function refusePlace({ geometry, name }: ChipIdentity, place: DevicePlace | undefined): void {
  if (place === undefined) return;
  const { tile, row, device } = place;
  const perRow = devicesPerRow(geometry);
  if (tile < geometry.tiles && row < geometry.rows && device < perRow) return;
  throw new MhoError(
    "bad-argument",
    `Device ${tile}:${row}:${device} is not on ${name}: it has ${formatGeometry(geometry)}, tiles from 0, rows from 0, and devices 0 to ${perRow - 1} of a row.`,
    { tile, row, device },
  );
}
