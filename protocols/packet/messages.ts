import type { ChipCapabilities, ChipIdentity } from "../../src/chip/driver.ts";
import { BodyReader, BodyWriter } from "./body.ts";

/** The bodies of every request and reply: what they hold, field by field. Decoders return undefined on damage. */

export const protocolVersion = 1;

export const kinds = {
  hello: 0x01,
  time: 0x02,
  read: 0x03,
  pulse: 0x04,
  ticket: 0x05,
  advance: 0x06,
  standby: 0x07,
  multiply: 0x08,
  environment: 0x09,
  selfTest: 0x0a,
  verify: 0x0b,
  abort: 0x0c,
  references: 0x0d,
  burst: 0x0e,
  describe: 0x0f,
  error: 0x7f,
} as const;

export const replyBit = 0x80;

/** The chip remembers which of its newest tickets fired, this many back, and refuses older ones. */
export const ticketsRemembered = 1024;

export const refusals = {
  unknownKind: 1,
  malformed: 2,
  noSession: 3,
  standby: 4,
  limit: 5,
  staleTicket: 6,
  unsupported: 7,
  calledOff: 8,
} as const;

const noBody = new Uint8Array(0);
/** What boards of this protocol may or may not have; the rest they all have. */
type Declared = Exclude<keyof ChipCapabilities, "tickets" | "clock" | "codes" | "serialNumber">;

const capabilityBits: Readonly<Record<Declared, number>> = {
  virtualTime: 1,
  multiply: 2,
  onBoardVerify: 4,
  environment: 8,
  references: 16,
  burst: 32,
  describe: 64,
  readVoltage: 128,
};

export const encodeNothing = (): Uint8Array => noBody;

export function encodeHello(): Uint8Array {
  return new BodyWriter(2).u16(protocolVersion).done();
}

export function decodeHello(body: Uint8Array): { version: number } | undefined {
  const reader = new BodyReader(body);
  const version = reader.u16();
  return reader.whole ? { version } : undefined;
}

/** Answers that a board keeps for requests that come again, where it does not say. */
export const usualAnswersKept = 256;

export function encodeIdentity(identity: ChipIdentity, answersKept = usualAnswersKept): Uint8Array {
  const { geometry, capabilities } = identity;
  const body = new BodyWriter(1024)
    .u16(protocolVersion)
    .u32(identity.boot)
    .u16(geometry.tiles)
    .u16(geometry.rows)
    .u16(geometry.columns)
    .u16(geometry.devicesPerCell)
    .u32(bitsOf(capabilities))
    .u64(identity.newestTicket)
    .text(identity.name)
    .text(identity.firmware)
    .text(identity.serialNumber);
  return (answersKept === usualAnswersKept ? body : body.u16(answersKept)).done();
}

function bitsOf(capabilities: ChipCapabilities): number {
  const names = Object.keys(capabilityBits) as Declared[];
  return names.reduce((bits, name) => bits | (capabilities[name] ? capabilityBits[name] : 0), 0);
}

export interface PacketIdentity extends ChipIdentity {
  readonly version: number;
  readonly answersKept: number;
}

export function decodeIdentity(body: Uint8Array): PacketIdentity | undefined {
  const reader = new BodyReader(body);
  const version = reader.u16();
  const boot = reader.u32();
  const geometry = {
    tiles: reader.u16(),
    rows: reader.u16(),
    columns: reader.u16(),
    devicesPerCell: reader.u16(),
  };
  const bits = reader.u32();
  const declares = (name: Declared): boolean => (bits & capabilityBits[name]) !== 0;
  const capabilities: ChipCapabilities = {
    virtualTime: declares("virtualTime"),
    multiply: declares("multiply"),
    onBoardVerify: declares("onBoardVerify"),
    environment: declares("environment"),
    references: declares("references"),
    // Boards that say nothing of it cannot.
    ...(declares("burst") && { burst: true }),
    ...(declares("describe") && { describe: true }),
    ...(declares("readVoltage") && { readVoltage: true }),
  };
  const newestTicket = reader.u64();
  const name = reader.text();
  const firmware = reader.text();
  const serialNumber = reader.text();
  const answersKept = reader.hasMore ? reader.u16() : usualAnswersKept;
  if (!reader.whole) return undefined;
  return { version, name, firmware, serialNumber, boot, geometry, capabilities, newestTicket, answersKept };
}

/** A part of the board's description: `most` bytes of it at most, from an offset on. */
export interface DescribePart {
  readonly offset: number;
  readonly most: number;
}

export function encodeDescribe({ offset, most }: DescribePart): Uint8Array {
  return new BodyWriter(6).u32(offset).u16(most).done();
}

export function decodeDescribe(body: Uint8Array): DescribePart | undefined {
  const reader = new BodyReader(body);
  const part = { offset: reader.u32(), most: reader.u16() };
  return reader.whole ? part : undefined;
}

export interface DescriptionPart {
  /** Of the whole text. */
  readonly totalBytes: number;
  /** CRC-32C of the whole text. */
  readonly check: number;
  /** Answers, and reports of verify orders, that the board keeps for requests that come again. */
  readonly answersKept: number;
  readonly bytes: Uint8Array;
}

export function encodeDescriptionPart({
  totalBytes,
  check,
  answersKept,
  bytes,
}: DescriptionPart): Uint8Array {
  return new BodyWriter(12 + bytes.length)
    .u32(totalBytes)
    .u32(check)
    .u16(answersKept)
    .u16(bytes.length)
    .bytes(bytes)
    .done();
}

export function decodeDescriptionPart(body: Uint8Array): DescriptionPart | undefined {
  const reader = new BodyReader(body);
  const head = { totalBytes: reader.u32(), check: reader.u32(), answersKept: reader.u16() };
  const bytes = reader.bytes(reader.u16());
  return reader.whole ? { ...head, bytes } : undefined;
}

export interface ReadRow {
  readonly tile: number;
  readonly row: number;
  readonly averages: number;
  /** V, in whole millivolts on the line; the usual voltage where not given. */
  readonly readVolts?: number | undefined;
}

export function encodeReadRow({ tile, row, averages, readVolts }: ReadRow): Uint8Array {
  const body = new BodyWriter(readVolts === undefined ? 6 : 8).u16(tile).u16(row).u16(averages);
  return (readVolts === undefined ? body : body.u16(Math.round(1000 * readVolts))).done();
}

export function decodeReadRow(body: Uint8Array): ReadRow | undefined {
  const reader = new BodyReader(body);
  const request = { tile: reader.u16(), row: reader.u16(), averages: reader.u16() };
  const voltage = reader.hasMore ? { readVolts: reader.u16() / 1000 } : {};
  return reader.whole ? { ...request, ...voltage } : undefined;
}

/** A look at a tile's known resistors: answered by `RowCodes`, one code a resistor. */
export interface ReadReferences {
  readonly tile: number;
  readonly averages: number;
}

export function encodeReadReferences({ tile, averages }: ReadReferences): Uint8Array {
  return new BodyWriter(4).u16(tile).u16(averages).done();
}

export function decodeReadReferences(body: Uint8Array): ReadReferences | undefined {
  const reader = new BodyReader(body);
  const request = { tile: reader.u16(), averages: reader.u16() };
  return reader.whole ? request : undefined;
}

export interface RowCodes {
  readonly chipTimeMicroseconds: number;
  /** Converter codes, one a device; `invalidCode` where the converter gave none. */
  readonly codes: Uint16Array;
}

export const invalidCode = 0xffff;

export function encodeRowCodes({ chipTimeMicroseconds, codes }: RowCodes): Uint8Array {
  return new BodyWriter(10 + 2 * codes.length).u64(chipTimeMicroseconds).u16(codes.length).u16s(codes).done();
}

export function decodeRowCodes(body: Uint8Array): RowCodes | undefined {
  const reader = new BodyReader(body);
  const chipTimeMicroseconds = reader.u64();
  const codes = reader.u16s(reader.u16());
  return reader.whole ? { chipTimeMicroseconds, codes } : undefined;
}

export type PulseKind = "reset" | "set";

const pulseKinds: readonly PulseKind[] = ["reset", "set"];

export interface PulseRow {
  readonly ticket: number;
  readonly tile: number;
  readonly row: number;
  readonly kind: PulseKind;
  readonly widthNanoseconds: number;
  /** How long the amplitude takes to fall. */
  readonly trailingNanoseconds: number;
  /** Gate of the select transistors; 0 is the usual voltage. */
  readonly gateCode: number;
  /** Amplitude codes, one a device; 0 leaves it alone. */
  readonly codes: Uint16Array;
}

export function encodePulseRow(pulse: PulseRow): Uint8Array {
  return new BodyWriter(25 + 2 * pulse.codes.length)
    .u64(pulse.ticket)
    .u16(pulse.tile)
    .u16(pulse.row)
    .u8(pulseKinds.indexOf(pulse.kind))
    .u32(pulse.widthNanoseconds)
    .u32(pulse.trailingNanoseconds)
    .u16(pulse.gateCode)
    .u16(pulse.codes.length)
    .u16s(pulse.codes)
    .done();
}

export function decodePulseRow(body: Uint8Array): PulseRow | undefined {
  const reader = new BodyReader(body);
  const ticket = reader.u64();
  const tile = reader.u16();
  const row = reader.u16();
  const kind = pulseKinds[reader.u8()];
  const widthNanoseconds = reader.u32();
  const trailingNanoseconds = reader.u32();
  const gateCode = reader.u16();
  const codes = reader.u16s(reader.u16());
  if (!reader.whole || kind === undefined) return undefined;
  return { ticket, tile, row, kind, widthNanoseconds, trailingNanoseconds, gateCode, codes };
}

/** Cycles of two pulses for a row: the first as `PulseRow` has it, the other of one amplitude for the same devices. */
export interface BurstRow extends PulseRow {
  readonly cycles: number;
  readonly second: {
    readonly kind: PulseKind;
    readonly widthNanoseconds: number;
    readonly gateCode: number;
    readonly code: number;
  };
}

export function encodeBurstRow({ cycles, second, ...pulse }: BurstRow): Uint8Array {
  const first = encodePulseRow(pulse);
  return new BodyWriter(13 + first.length)
    .u32(cycles)
    .u8(pulseKinds.indexOf(second.kind))
    .u32(second.widthNanoseconds)
    .u16(second.gateCode)
    .u16(second.code)
    .bytes(first)
    .done();
}

export function decodeBurstRow(body: Uint8Array): BurstRow | undefined {
  const reader = new BodyReader(body.subarray(0, burstHead));
  const cycles = reader.u32();
  const kind = pulseKinds[reader.u8()];
  const second = { widthNanoseconds: reader.u32(), gateCode: reader.u16(), code: reader.u16() };
  if (!reader.whole || kind === undefined) return undefined;
  const pulse = decodePulseRow(body.subarray(burstHead));
  return pulse && { ...pulse, cycles, second: { kind, ...second } };
}

const burstHead = 13;

/** One matrix–vector product of a tile: an input of −127 … 127 for every row. */
export interface Multiply {
  readonly tile: number;
  readonly inputs: Int8Array;
}

export function encodeMultiply({ tile, inputs }: Multiply): Uint8Array {
  const writer = new BodyWriter(4 + inputs.length).u16(tile).u16(inputs.length);
  for (const input of inputs) writer.u8(input & 0xff);
  return writer.done();
}

export function decodeMultiply(body: Uint8Array): Multiply | undefined {
  const reader = new BodyReader(body);
  const tile = reader.u16();
  const inputs = reader.i8s(reader.u16());
  return reader.whole ? { tile, inputs } : undefined;
}

/** Products come as codes with sign, one a line of devices, written as two's complement. */
export function encodeProducts(chipTimeMicroseconds: number, codes: Int16Array): Uint8Array {
  return encodeRowCodes({ chipTimeMicroseconds, codes: Uint16Array.from(codes, (code) => code & 0xffff) });
}

export function decodeProducts(
  body: Uint8Array,
): { chipTimeMicroseconds: number; codes: Int16Array } | undefined {
  const row = decodeRowCodes(body);
  return row && { chipTimeMicroseconds: row.chipTimeMicroseconds, codes: Int16Array.from(row.codes) };
}

/** What the chip's sensors say, and what its self-test found: one bit a fault, 0 when all is well. */
export interface BoardEnvironment {
  readonly chipTimeMicroseconds: number;
  readonly milliCelsius: number;
  readonly supplyMillivolts: number;
}

export function encodeEnvironment({
  chipTimeMicroseconds,
  milliCelsius,
  supplyMillivolts,
}: BoardEnvironment): Uint8Array {
  // Shifted by 273.15 °C, so that it has no sign.
  return new BodyWriter(14)
    .u64(chipTimeMicroseconds)
    .u32(milliCelsius + 273_150)
    .u16(supplyMillivolts)
    .done();
}

export function decodeEnvironment(body: Uint8Array): BoardEnvironment | undefined {
  const reader = new BodyReader(body);
  const chipTimeMicroseconds = reader.u64();
  const milliCelsius = reader.u32() - 273_150;
  const supplyMillivolts = reader.u16();
  return reader.whole ? { chipTimeMicroseconds, milliCelsius, supplyMillivolts } : undefined;
}

/** A loop on the board: pulse and read every device of a row until it is near its target. Answered like a pulse. */
export interface VerifyRow {
  readonly ticket: number;
  readonly tile: number;
  readonly row: number;
  readonly marginCodes: number;
  readonly iterations: number;
  readonly widthNanoseconds: number;
  /** Converter codes to reach, one a device; `invalidCode` leaves it alone. */
  readonly targets: Uint16Array;
}

export function encodeVerifyRow(order: VerifyRow): Uint8Array {
  return new BodyWriter(22 + 2 * order.targets.length)
    .u64(order.ticket)
    .u16(order.tile)
    .u16(order.row)
    .u16(order.marginCodes)
    .u16(order.iterations)
    .u32(order.widthNanoseconds)
    .u16(order.targets.length)
    .u16s(order.targets)
    .done();
}

export function decodeVerifyRow(body: Uint8Array): VerifyRow | undefined {
  const reader = new BodyReader(body);
  const order = {
    ticket: reader.u64(),
    tile: reader.u16(),
    row: reader.u16(),
    marginCodes: reader.u16(),
    iterations: reader.u16(),
    widthNanoseconds: reader.u32(),
    targets: reader.u16s(reader.u16()),
  };
  return reader.whole ? order : undefined;
}

/** What a board's own loop did: the fate of its ticket, and how many pulses it gave to each device. */
export interface VerifyReport extends TicketFate {
  readonly pulses: Uint8Array;
}

export function encodeVerifyReport({ fate, chipTimeMicroseconds, pulses }: VerifyReport): Uint8Array {
  const writer = new BodyWriter(11 + pulses.length)
    .u8(fates.indexOf(fate))
    .u64(chipTimeMicroseconds)
    .u16(pulses.length);
  for (const count of pulses) writer.u8(count);
  return writer.done();
}

export function decodeVerifyReport(body: Uint8Array): VerifyReport | undefined {
  const reader = new BodyReader(body);
  const fate = fates[reader.u8()];
  const chipTimeMicroseconds = reader.u64();
  const pulses = Uint8Array.from(reader.i8s(reader.u16()), (count) => count & 0xff);
  return reader.whole && fate !== undefined ? { fate, chipTimeMicroseconds, pulses } : undefined;
}

/** What became of a ticket, and when it fired (chip time; 0 when it did not). */
export interface TicketFate {
  readonly fate: "not fired" | "fired" | "unknown";
  readonly chipTimeMicroseconds: number;
}

const fates: readonly TicketFate["fate"][] = ["not fired", "fired", "unknown"];

export function encodeTicketFate({ fate, chipTimeMicroseconds }: TicketFate): Uint8Array {
  return new BodyWriter(9).u8(fates.indexOf(fate)).u64(chipTimeMicroseconds).done();
}

export function decodeTicketFate(body: Uint8Array): TicketFate | undefined {
  const reader = new BodyReader(body);
  const fate = fates[reader.u8()];
  const chipTimeMicroseconds = reader.u64();
  return reader.whole && fate !== undefined ? { fate, chipTimeMicroseconds } : undefined;
}

/** A single number: a ticket asked for, a duration to advance by, or chip time in reply. */
export function encodeNumber(value: number): Uint8Array {
  return new BodyWriter(8).u64(value).done();
}

export function decodeNumber(body: Uint8Array): number | undefined {
  const reader = new BodyReader(body);
  const value = reader.u64();
  return reader.whole ? value : undefined;
}

export interface Refusal {
  /** One of `refusals`. */
  readonly code: number;
  readonly text: string;
}

export function encodeRefusal({ code, text }: Refusal): Uint8Array {
  return new BodyWriter(257).u8(code).text(text).done();
}

export function decodeRefusal(body: Uint8Array): Refusal | undefined {
  const reader = new BodyReader(body);
  const refusal = { code: reader.u8(), text: reader.text() };
  return reader.whole ? refusal : undefined;
}
