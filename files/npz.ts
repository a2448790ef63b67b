import { inflateRawSync } from "node:zlib";
import { parseNpy } from "./npy.ts";
import { badFile, readInputFile } from "./readFile.ts";
import type { Tensor } from "./safetensors.ts";

const again = "Save or copy it again.";
/**
 * What an archive may unpack to, members that share their bytes counted each. Weights hardly shrink, and zeros a
 * thousandfold: a small file that would fill the memory is refused by what it declares, before anything is unpacked.
 */
const alwaysAllowedBytes = 64_000_000;
const mostTimesItsSize = 100;

/** Reads every array of a numpy archive (stored or deflated, zip64 too), by name. Throws `bad-file`. */
export async function readNpz(path: string): Promise<Map<string, Tensor>> {
  return parseNpz(await readInputFile(path), path);
}

/** The same of a file's bytes. */
export function parseNpz(bytes: Uint8Array, path: string): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  const arrays = members(bytes, path).filter(({ name }) => name.endsWith(".npy"));
  const declared = arrays.reduce((sum, member) => sum + member.bytes, 0);
  if (declared > Math.max(alwaysAllowedBytes, mostTimesItsSize * bytes.length)) {
    throw badFile(
      path,
      `its ${bytes.length} bytes would unpack to ${declared}`,
      "Save the arrays with numpy.savez, which packs nothing.",
    );
  }
  for (const member of arrays) {
    const name = member.name.slice(0, -4);
    tensors.set(name, parseNpy(unpacked(bytes, member, path), `${path} (${name})`));
  }
  return tensors;
}

interface Member {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly headerAt: number;
}

/** The central directory, which stands at the end and is right even where local headers leave sizes out. */
function members(bytes: Uint8Array, path: string): Member[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const damaged = (): Error => badFile(path, "its zip directory is damaged or cut", again);
  let end = bytes.length - 22;
  const furthest = Math.max(0, end - 65_535);
  while (end >= furthest && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < furthest) throw badFile(path, "it is no .npz file, or it is cut", again);
  let count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if ((count === 0xffff || at === 0xffffffff) && end >= 20 && view.getUint32(end - 20, true) === 0x07064b50) {
    const end64 = Number(view.getBigUint64(end - 12, true));
    if (end64 + 56 > bytes.length || view.getUint32(end64, true) !== 0x06064b50) throw damaged();
    count = Number(view.getBigUint64(end64 + 32, true));
    at = Number(view.getBigUint64(end64 + 48, true));
  }
  const found: Member[] = [];
  for (let n = 0; n < count; n++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) throw damaged();
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) =>
      view.getUint16(at + offset, true),
    ) as [number, number, number];
    const next = at + 46 + nameBytes + extraBytes + commentBytes;
    if (next > bytes.length) throw damaged();
    const long = longSizes(view, at, at + 46 + nameBytes, extraBytes);
    found.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameBytes)),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      ...long,
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
): Pick<Member, "bytes" | "packedBytes" | "headerAt"> {
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

function unpacked(bytes: Uint8Array, member: Member, path: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { name, method, headerAt, packedBytes } = member;
  const damaged = (): Error => badFile(path, `its member ${name} is damaged or cut`, again);
  if (headerAt + 30 > bytes.length || view.getUint32(headerAt, true) !== 0x04034b50) throw damaged();
  const start = headerAt + 30 + view.getUint16(headerAt + 26, true) + view.getUint16(headerAt + 28, true);
  if (start + packedBytes > bytes.length) throw damaged();
  if (method !== 0 && method !== 8) {
    throw badFile(path, `its member ${name} is packed by method ${method}`, "Save it with numpy.savez.");
  }
  const packed = bytes.subarray(start, start + packedBytes);
  let plain: Uint8Array;
  try {
    plain =
      method === 0 ? packed.slice() : inflateRawSync(packed, { maxOutputLength: Math.max(1, member.bytes) });
  } catch {
    throw damaged();
  }
  if (plain.length !== member.bytes || crc32(plain) !== member.crc) throw damaged();
  return plain;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** The checksum of zip (CRC-32 of ISO 3309); Node's own came after 20. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}
