import { deflateRawSync } from "node:zlib";
import { crc32 } from "../fuzz/crc32.ts";

/** A member of an archive: what it holds, and what the directory says of it when that is something else. */
export interface ZipMember {
  readonly name: string;
  readonly data: Uint8Array;
  readonly declaredBytes?: number;
}

/** A zip file with deflated members. `times`: how often the directory names each of them. */
export function zipOf(members: readonly ZipMember[], times = 1): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, declaredBytes = data.length } of members) {
    const packed = deflateRawSync(data);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50);
    central.writeUInt16LE(8, 10);
    central.writeUInt32LE(crc32(data), 16);
    central.writeUInt32LE(packed.length, 20);
    central.writeUInt32LE(declaredBytes, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(at, 42);
    locals.push(local, Buffer.from(name), packed);
    for (let n = 0; n < times; n++) directory.push(central, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(members.length * times, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...directory, end]);
}
