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
} as const;

const noBody = new Uint8Array(0);
const virtualTimeBit = 1;

export const encodeNothing = (): Uint8Array => noBody;

export function encodeHello(): Uint8Array {
  return new BodyWriter(2).u16(protocolVersion).done();
}

export function decodeHello(body: Uint8Array): { version: number } | undefined {
  const reader = new BodyReader(body);
  const version = reader.u16();
  return reader.whole ? { version } : undefined;
}

export function encodeIdentity(identity: ChipIdentity): Uint8Array {
  const { geometry, capabilities } = identity;
  return new BodyWriter(1024)
    .u16(protocolVersion)
    .u32(identity.boot)
    .u16(geometry.tiles)
    .u16(geometry.rows)
    .u16(geometry.columns)
    .u16(geometry.devicesPerCell)
    .u32(capabilities.virtualTime ? virtualTimeBit : 0)
    .u64(identity.newestTicket)
    .text(identity.name)
    .text(identity.firmware)
    .text(identity.serialNumber)
    .done();
}

export function decodeIdentity(body: Uint8Array): (ChipIdentity & { version: number }) | undefined {
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
  const capabilities: ChipCapabilities = { virtualTime: (bits & virtualTimeBit) !== 0 };
  const newestTicket = reader.u64();
  const name = reader.text();
  const firmware = reader.text();
  const serialNumber = reader.text();
  if (!reader.whole) return undefined;
  return { version, name, firmware, serialNumber, boot, geometry, capabilities, newestTicket };
}

export interface ReadRow {
  readonly tile: number;
  readonly row: number;
  readonly averages: number;
}

export function encodeReadRow({ tile, row, averages }: ReadRow): Uint8Array {
  return new BodyWriter(6).u16(tile).u16(row).u16(averages).done();
}

export function decodeReadRow(body: Uint8Array): ReadRow | undefined {
  const reader = new BodyReader(body);
  const request = { tile: reader.u16(), row: reader.u16(), averages: reader.u16() };
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

export interface PulseRow {
  readonly ticket: number;
  readonly tile: number;
  readonly row: number;
  readonly widthNanoseconds: number;
  /** Amplitude codes, one a device; 0 leaves it alone. */
  readonly codes: Uint16Array;
}

export function encodePulseRow({ ticket, tile, row, widthNanoseconds, codes }: PulseRow): Uint8Array {
  return new BodyWriter(18 + 2 * codes.length)
    .u64(ticket)
    .u16(tile)
    .u16(row)
    .u32(widthNanoseconds)
    .u16(codes.length)
    .u16s(codes)
    .done();
}

export function decodePulseRow(body: Uint8Array): PulseRow | undefined {
  const reader = new BodyReader(body);
  const ticket = reader.u64();
  const tile = reader.u16();
  const row = reader.u16();
  const widthNanoseconds = reader.u32();
  const codes = reader.u16s(reader.u16());
  return reader.whole ? { ticket, tile, row, widthNanoseconds, codes } : undefined;
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
