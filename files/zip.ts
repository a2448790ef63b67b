import { constants, inflateRawSync } from "node:zlib";
import { type ByteSource, sourceOf } from "./byteSource.ts";
import { badFile } from "./readFile.ts";

const again = "Save or copy it again.";

export interface ZipMember {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly headerAt: number;
}

const endBytes = 22;
const mostCommentBytes = 65_535;
const longEndBytes = 56;
const mostDirectoryBytes = 1 << 26;

/** The central directory, which stands at the end and is right even where local headers leave sizes out. Throws `bad-file`. */
export async function membersOf(source: ByteSource, path: string): Promise<ZipMember[]> {
  const damaged = (): Error => badFile(path, "its zip directory is damaged or cut", again);
  const tailFrom = Math.max(0, source.bytes - endBytes - mostCommentBytes - 20);
  const tail = viewOf(await source.read(tailFrom, source.bytes - tailFrom));
  const furthest = Math.max(0, tail.byteLength - endBytes - mostCommentBytes);
  let end = tail.byteLength - endBytes;
  while (end >= furthest && tail.getUint32(end, true) !== 0x06054b50) end--;
  if (end < furthest) throw badFile(path, "it is not an .npz file, or it is cut", again);
  let count = tail.getUint16(end + 10, true);
  let from = tail.getUint32(end + 16, true);
  const long = count === 0xffff || from === 0xffffffff;
  if (long && end >= 20 && tail.getUint32(end - 20, true) === 0x07064b50) {
    const longEnd = Number(tail.getBigUint64(end - 12, true));
    if (longEnd + longEndBytes > source.bytes) throw damaged();
    const view = viewOf(await source.read(longEnd, longEndBytes));
    if (view.getUint32(0, true) !== 0x06064b50) throw damaged();
    count = Number(view.getBigUint64(32, true));
    from = Number(view.getBigUint64(48, true));
  }
  const directoryBytes = tailFrom + end - from;
  if (!(directoryBytes >= 0 && directoryBytes <= mostDirectoryBytes)) throw damaged();
  return entriesOf(await source.read(from, directoryBytes), count, damaged);
}

function entriesOf(bytes: Uint8Array, count: number, damaged: () => Error): ZipMember[] {
  const view = viewOf(bytes);
  const found: ZipMember[] = [];
  let at = 0;
  for (let n = 0; n < count; n++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) throw damaged();
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) =>
      view.getUint16(at + offset, true),
    ) as [number, number, number];
    const next = at + 46 + nameBytes + extraBytes + commentBytes;
    if (next > bytes.length) throw damaged();
    found.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameBytes)),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      ...longSizes(view, at, at + 46 + nameBytes, extraBytes),
    });
    at = next;
  }
  return found;
}

/** Sizes and place of a member; those that do not fit 32 bits stand in the zip64 field, in this order. */
function longSizes(
  view: DataView,
  at: number,
  extraAt: number,
  extraBytes: number,
): Pick<ZipMember, "bytes" | "packedBytes" | "headerAt"> {
  const sizes = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  for (let field = extraAt; field + 4 <= extraAt + extraBytes; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue;
    let from = field + 4;
    for (let i = 0; i < 3; i++) {
      if (sizes[i] !== 0xffffffff || from + 8 > extraAt + extraBytes) continue;
      sizes[i] = Number(view.getBigUint64(from, true));
      from += 8;
    }
  }
  return { bytes: sizes[0]!, packedBytes: sizes[1]!, headerAt: sizes[2]! };
}

/** A member's bytes, unpacked and proved by their checksum. Throws `bad-file`. */
export async function unpacked(source: ByteSource, member: ZipMember, path: string): Promise<ByteSource> {
  const { method, packedBytes } = member;
  const start = await startOf(source, member, path);
  const damaged = (): Error => damagedMember(member, path);
  if (method === 0) {
    // As it stands in the file, however large it is.
    const part: ByteSource = {
      bytes: packedBytes,
      read: (from, length) => source.read(start + from, length),
    };
    if (packedBytes !== member.bytes || (await crcOf(part)) !== member.crc) throw damaged();
    return part;
  }
  let plain: Uint8Array;
  try {
    const packed = await source.read(start, packedBytes);
    plain = inflateRawSync(packed, { maxOutputLength: Math.max(1, member.bytes) });
  } catch {
    throw damaged();
  }
  const part = sourceOf(plain);
  if (plain.length !== member.bytes || (await crcOf(part)) !== member.crc) throw damaged();
  return part;
}

/** The beginning of a member, of so many packed bytes at most; nothing of it is proved. Throws `bad-file`. */
export async function beginningOf(
  source: ByteSource,
  member: ZipMember,
  path: string,
  mostBytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly whole: boolean }> {
  const start = await startOf(source, member, path);
  const packed = await source.read(start, Math.min(member.packedBytes, mostBytes));
  const whole = packed.length === member.packedBytes;
  if (member.method === 0) return { bytes: packed, whole };
  try {
    return { bytes: inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH }), whole };
  } catch {
    throw damagedMember(member, path);
  }
}

function damagedMember({ name }: ZipMember, path: string): Error {
  return badFile(path, `its member ${name} is damaged or cut`, again);
}

async function startOf(source: ByteSource, member: ZipMember, path: string): Promise<number> {
  const { name, method, headerAt, packedBytes } = member;
  if (headerAt + 30 > source.bytes) throw damagedMember(member, path);
  const view = viewOf(await source.read(headerAt, 30));
  if (view.getUint32(0, true) !== 0x04034b50) throw damagedMember(member, path);
  const start = headerAt + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (start + packedBytes > source.bytes) throw damagedMember(member, path);
  if (method === 0 || method === 8) return start;
  throw badFile(path, `its member ${name} is packed by method ${method}`, "Save it with numpy.savez.");
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

const atATimeBytes = 1 << 24;

/** The checksum of zip (CRC-32 of ISO 3309); Node's own came after 20. */
async function crcOf(source: ByteSource): Promise<number> {
  let crc = 0xffffffff;
  for (let from = 0; from < source.bytes; from += atATimeBytes) {
    const piece = await source.read(from, Math.min(atATimeBytes, source.bytes - from));
    for (const byte of piece) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff]!;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
