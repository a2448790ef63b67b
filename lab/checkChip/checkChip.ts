import { connectInProcess } from "../../drivers/inProcess.ts";
import { systemClock } from "../../drivers/systemClock.ts";
import type { Transport } from "../../drivers/transport.ts";
import { readChipDescription } from "../../files/chipDescription.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import { MhoError } from "../../src/errors.ts";
import type { Microseconds } from "../../src/units.ts";
import { type ChipAddress, parseAddress } from "../address.ts";
import { describeChip, emulatedFirmware, openChip, openLine, withAddress } from "../openChip.ts";
import { descriptionByBoard, refuseContradictions } from "../selfDescription.ts";
import type { Workplace } from "../workplace.ts";
import { bookPulses } from "./bookedPulses.ts";
import { type BoardCheckOptions, checkBoard } from "./boardCheck.ts";
import { checkByDriver } from "./driverCheck.ts";
import { judgeDescription, leftOutOf } from "./fileCheck.ts";
import type { DevicePlace, Finding } from "./findings.ts";

export interface CheckChipOptions {
  /** Given pulses within the limits, so that the order of devices is known. */
  readonly pulseDevice?: DevicePlace | undefined;
  /** Given up: an amplitude above the limit is tried on it. */
  readonly sacrifice?: DevicePlace | undefined;
  /** Whether to wait for the board's watchdog (true). */
  readonly watchdog?: boolean | undefined;
  /** Told of each finding as it comes. */
  readonly onFinding?: ((finding: Finding) => void) | undefined;
}

/** What was found of a description or a board. */
export interface CheckedChip {
  readonly kind: "file" | "board";
  /** Of the chip, where it is known. */
  readonly name: string | undefined;
  readonly serialNumber: string | undefined;
  /** Whether nothing has to be mended. */
  readonly sound: boolean;
  readonly findings: readonly Finding[];
}

/** Says what is wrong of a chip's description, or of a board. A board is tried without harm, and left in standby. */
export async function checkChip(
  place: Workplace,
  what: string,
  options: CheckChipOptions,
): Promise<CheckedChip> {
  const isAddress = /^(serial|tcp|emulator):/.test(what) || Object.hasOwn(place.config.chips, what);
  if (isAddress) return checkAddress(place, place.addressOf(what), options);
  if (options.pulseDevice !== undefined || options.sacrifice !== undefined) {
    throw new MhoError(
      "bad-argument",
      `${what} is a file, and a file has no device to pulse. Name the board's address.`,
    );
  }
  return checkFile(place, what, options);
}

async function checkFile(
  place: Workplace,
  path: string,
  { onFinding }: CheckChipOptions,
): Promise<CheckedChip> {
  const findings: Finding[] = [];
  const say = (verdict: Finding["verdict"], text: string, step: Finding["step"] = "file"): void => {
    const finding = { step, verdict, text };
    findings.push(finding);
    onFinding?.(finding);
  };
  let name: string | undefined;
  try {
    const description = await readChipDescription(path, place.registries.technologies, "any");
    ({ name } = description);
    say("good", `${path} is a valid description of ${name}.`);
    for (const { verdict, text } of await judgeDescription(description)) say(verdict, text);
    for (const text of leftOutOf(description, place.registries.technologies)) say("note", text, "left out");
  } catch (error) {
    if (!(error instanceof MhoError) || error.facts["missing"] === true) throw error;
    say("fault", error.message);
  }
  return { kind: "file", name, serialNumber: undefined, sound: isSound(findings), findings };
}

async function checkAddress(
  place: Workplace,
  text: string,
  { pulseDevice: device, sacrifice, watchdog = true, onFinding }: CheckChipOptions,
): Promise<CheckedChip> {
  const { technologies, dialects } = place.registries;
  const address = parseAddress(text, dialects);
  const { trials } = address.dialect;
  if (trials === undefined) return checkDriven(place, address, device ?? sacrifice, onFinding);
  // The description of an emulated chip is what its board says of itself.
  const isDescribed = address.chip !== undefined && address.scheme !== "emulator";
  const usual = await describeChip(address, technologies, "any");
  const given = isDescribed ? usual : undefined;
  const line = await lineOf(place, address, usual);
  const board = trials(line.transport, { now: line.now, after: keptAlive, ...line.deadline });
  const { document } = usual;
  try {
    const { findings, identity } = await checkBoard(board, {
      description: given ?? (address.scheme === "emulator" ? usual : undefined),
      read: (said) => withAddress(descriptionByBoard(said, text, technologies), address),
      compare: (said) => {
        if (given === undefined || document === undefined) return;
        refuseContradictions(said, { document, address: text, from: `The description ${address.chip}` });
      },
      judge: judgeDescription,
      leftOut: (description) => leftOutOf(description, technologies),
      device,
      sacrifice,
      ...(address.scheme !== "emulator" && bookedIn(place, text)),
      watchdog,
      sleep: line.sleep,
      now: line.now,
      ...(onFinding && { onFinding }),
    });
    const { name, serialNumber } = identity ?? {};
    return { kind: "board", name, serialNumber, sound: isSound(findings), findings };
  } finally {
    await board.close();
  }
}

/** A board that can be tried by its driver alone. */
async function checkDriven(
  place: Workplace,
  address: ChipAddress,
  device: DevicePlace | undefined,
  onFinding: CheckChipOptions["onFinding"],
): Promise<CheckedChip> {
  const { technologies } = place.registries;
  const record = place.recorderFor(address);
  const { findings, identity } = await checkByDriver({
    open: () =>
      openChip(address, {
        seed: place.seed,
        technologies,
        mayBeUnnamed: true,
        onDescribed: "not asked",
        ...(record && { record }),
      }),
    dialect: address.dialect.name,
    place: device,
    mayPulse: device !== undefined,
    sleep: (duration) => systemClock.sleep(duration),
    now: () => systemClock.nowMicroseconds(),
    ...(onFinding && { onFinding }),
  });
  const { name, serialNumber } = identity ?? {};
  return { kind: "board", name, serialNumber, sound: isSound(findings), findings };
}

/** Pulses and tickets of a board that a workspace may know. */
function bookedIn(place: Workplace, address: string): Pick<BoardCheckOptions, "book" | "onTickets"> {
  return {
    book: (board, identity, description, device) =>
      bookPulses(place, address, board, identity, description, device),
    async onTickets(identity, highest) {
      if (!place.hasWorkspace) return;
      const store = await place.writableStore();
      const known = await store.newestTicket(identity);
      // Rows of zeros wear nothing. Pulses that the chip had fired before, and that no workspace booked, must still be found.
      if (known >= identity.newestTicket && highest > known) await store.bookForeignTicket(identity, highest);
    },
  };
}

/** A wait for an answer that may never come keeps the process alive: nothing else does with a chip in this process. */
function keptAlive(milliseconds: number, act: () => void): () => void {
  let isWanted = true;
  void systemClock.sleep(1000 * milliseconds).then(() => {
    if (isWanted) act();
  });
  return () => {
    isWanted = false;
  };
}

const isSound = (findings: readonly Finding[]): boolean =>
  findings.every(({ verdict }) => verdict !== "fault");

/** A line, and the time that passes on it. An emulated chip in this process is new, is not kept, and need not be waited for. */
async function lineOf(
  { seed }: Workplace,
  address: ChipAddress,
  description: ChipDescription,
): Promise<{
  readonly transport: Transport;
  readonly sleep: (duration: Microseconds) => Promise<void>;
  readonly now: () => Microseconds;
  readonly deadline?: { readonly deadlineMilliseconds: number };
}> {
  if (address.scheme !== "emulator") {
    const transport = await openLine(address, description, { seed });
    return {
      transport,
      sleep: (duration) => systemClock.sleep(duration),
      now: () => systemClock.nowMicroseconds(),
    };
  }
  const firmware = emulatedFirmware(address, description, seed);
  let skipped = 0;
  const now = (): Microseconds => systemClock.nowMicroseconds() + skipped;
  const transport = connectInProcess({
    receive(bytes) {
      firmware.tick(now());
      return firmware.receive(bytes, now());
    },
  });
  return {
    transport,
    sleep(duration) {
      skipped += duration;
      return Promise.resolve();
    },
    now,
    // What it answers, it answers at once.
    deadline: { deadlineMilliseconds: 20 },
  };
}
