import { MhoError } from "../src/errors.ts";
import { type ByteSource, sourceOf } from "./byteSource.ts";
import { npyIn } from "./npy.ts";
import { badFile, reasonOf } from "./readFile.ts";
import type { Catalogue, FoundTensor, LeftOut } from "./tensor.ts";
import { beginningOf, membersOf, unpacked, type ZipMember } from "./zip.ts";

/**
 * What an archive may unpack to, members that share their bytes counted each. Weights hardly shrink, and zeros a
 * thousandfold: a small file that would fill the memory is refused by what it declares, before anything is unpacked.
 */
const alwaysAllowedBytes = 64_000_000;
const mostTimesItsSize = 100;

/**
 * Finds the arrays of a numpy archive (stored or deflated, zip64 too). A member that is none does not spoil the others. Throws
 * `bad-file` where the archive's directory is damaged.
 */
export async function npzIn(source: ByteSource, path: string): Promise<Catalogue> {
  const arrays = (await membersOf(source, path)).filter(({ name }) => name.endsWith(".npy"));
  const declared = arrays.reduce((sum, member) => sum + member.bytes, 0);
  if (declared > Math.max(alwaysAllowedBytes, mostTimesItsSize * source.bytes)) {
    throw badFile(
      path,
      `its ${source.bytes} bytes would unpack to ${declared}`,
      "Save the arrays with numpy.savez, which packs nothing.",
    );
  }
  const tensors: FoundTensor[] = [];
  const leftOut: LeftOut[] = [];
  const seen = new Map<string, number>();
  for (const { name } of arrays) seen.set(name, (seen.get(name) ?? 0) + 1);
  for (const member of arrays) {
    const name = member.name.slice(0, -4);
    // Which of them is meant is not known.
    if (seen.get(member.name) !== 1) {
      if (seen.delete(member.name)) leftOut.push({ name, why: "several members have this name" });
      continue;
    }
    try {
      tensors.push(await arrayOf(source, member, path, name));
    } catch (error) {
      if (!(error instanceof MhoError)) throw error;
      leftOut.push({ name, why: reasonOf(error) });
    }
  }
  return { tensors, leftOut };
}

async function arrayOf(
  source: ByteSource,
  member: ZipMember,
  path: string,
  name: string,
): Promise<FoundTensor> {
  const where = `${path} (${name})`;
  const { bytes, whole } = await beginningOf(source, member, path, mostHeadBytes);
  // A header that is longer than others needs the member whole.
  const known = whole || bytes.length >= headBytes(bytes);
  const head = known ? sourceOf(bytes) : await unpacked(source, member, path);
  const { shape } = await npyIn({ ...head, bytes: Math.max(head.bytes, member.bytes) }, where);
  return {
    name,
    shape,
    order: shape.length > 2 ? "outputs-first" : "inputs-first",
    read: async () => (await npyIn(await unpacked(source, member, path), where)).read(),
  };
}

const mostHeadBytes = 4096;

function headBytes(bytes: Uint8Array): number {
  if (bytes.length < 12) return 12;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return bytes[6]! >= 2 ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true);
}
