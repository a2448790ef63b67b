import { Random } from "../../src/random.ts";
import { Draws, type Trick } from "./draws.ts";
import { hostileTexts } from "./hostileTexts.ts";
import type { OpenSurface } from "./surface.ts";
import { textTricks } from "./textTricks.ts";

/** Longer ones are cut: what is bounded by a file's own length needs no gigabytes to be seen. */
const longestInput = 400_000;

/**
 * Input number `input` of a surface: a corpus entry, changed once to five times. A pure function of its arguments, so
 * that one number is enough to see it again.
 */
export function inputOf(open: OpenSurface, random: Random, input: number): Uint8Array {
  const draws = new Draws(random, input);
  const { corpus, language } = open;
  let bytes = draws.one(corpus);
  // Now and then as it is: whoever accepts nothing is not tested.
  if (draws.oneIn(32)) return bytes;
  const changes = 1 + draws.below(draws.one([1, 2, 5]));
  for (let n = 0; n < changes; n++) {
    const trick =
      language !== "binary" && draws.below(3) > 0 ? draws.one(textTricks[language]) : draws.one(byteTricks);
    bytes = trick(bytes, draws, corpus).subarray(0, longestInput);
  }
  return open.repair !== undefined && draws.below(4) > 0 ? open.repair(bytes) : bytes;
}

/** The source of all inputs of a surface. */
export function sourceOf(seed: number, surface: string): Random {
  return new Random(seed).fork("fuzz").fork(surface);
}

const byteTricks: readonly Trick[] = [
  flipBits,
  overwrite,
  insertRun,
  deleteRun,
  duplicateRun,
  truncate,
  splice,
  plantInteger,
  plantInteger,
  plantText,
];

function flipBits(bytes: Uint8Array, draws: Draws): Uint8Array {
  const copy = bytes.slice();
  for (let n = draws.length(16); n > 0 && copy.length > 0; n--)
    copy[draws.below(copy.length)]! ^= 1 << draws.below(8);
  return copy;
}

function overwrite(bytes: Uint8Array, draws: Draws): Uint8Array {
  const copy = bytes.slice();
  for (let n = draws.length(8); n > 0 && copy.length > 0; n--) {
    copy[draws.below(copy.length)] = draws.one([0, 1, 0x7f, 0x80, 0xff, draws.below(256)]);
  }
  return copy;
}

function insertRun(bytes: Uint8Array, draws: Draws): Uint8Array {
  const value = draws.oneIn(2) ? draws.below(256) : undefined;
  const run = Uint8Array.from({ length: draws.length(600) }, () => value ?? draws.below(256));
  return inserted(bytes, draws.below(bytes.length + 1), run);
}

function deleteRun(bytes: Uint8Array, draws: Draws): Uint8Array {
  const at = draws.below(bytes.length + 1);
  return joined(bytes.subarray(0, at), bytes.subarray(at + draws.length(bytes.length)));
}

function duplicateRun(bytes: Uint8Array, draws: Draws): Uint8Array {
  const at = draws.below(bytes.length + 1);
  const run = bytes.subarray(at, at + draws.length(bytes.length));
  const times = draws.length(draws.oneIn(20) ? 2000 : 4);
  const most = Math.max(1, Math.floor(longestInput / Math.max(1, run.length)));
  return inserted(bytes, at, joined(...Array<Uint8Array>(Math.min(times, most)).fill(run)));
}

function truncate(bytes: Uint8Array, draws: Draws): Uint8Array {
  return bytes.slice(0, draws.below(bytes.length + 1));
}

function splice(bytes: Uint8Array, draws: Draws, corpus: readonly Uint8Array[]): Uint8Array {
  const other = draws.one(corpus);
  return joined(
    bytes.subarray(0, draws.below(bytes.length + 1)),
    other.subarray(draws.below(other.length + 1)),
  );
}

const boundaries = [
  0n,
  1n,
  -1n,
  -2n,
  0x7fn,
  0x80n,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x1_0000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x20_0000_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
];

/** Puts a number at the edge of a width where a length, a count or an offset may stand. */
function plantInteger(bytes: Uint8Array, draws: Draws): Uint8Array {
  const width = draws.one([1, 2, 4, 8]);
  if (bytes.length < width) return bytes;
  const copy = bytes.slice();
  // Lengths stand at the beginning, or at the end as in a zip file.
  const span = copy.length - width + 1;
  const near = Math.min(span, 80);
  const at = draws.one([draws.below(span), draws.below(near), span - 1 - draws.below(near)]);
  const view = new DataView(copy.buffer, copy.byteOffset, copy.length);
  const little = draws.below(4) > 0;
  const value = draws.one([...boundaries, BigInt(copy.length), BigInt(draws.below(1000))]);
  if (width === 1) view.setUint8(at, Number(value & 0xffn));
  else if (width === 2) view.setUint16(at, Number(value & 0xffffn), little);
  else if (width === 4) view.setUint32(at, Number(value & 0xffff_ffffn), little);
  else view.setBigInt64(at, BigInt.asIntN(64, value), little);
  return copy;
}

function plantText(bytes: Uint8Array, draws: Draws): Uint8Array {
  const text = draws.one(hostileTexts);
  const run = Uint8Array.from(Buffer.from(text, draws.oneIn(2) ? "latin1" : "utf8"));
  const at = draws.below(bytes.length + 1);
  return draws.oneIn(2)
    ? inserted(bytes, at, run)
    : joined(bytes.subarray(0, at), run, bytes.subarray(at + run.length));
}

function inserted(bytes: Uint8Array, at: number, run: Uint8Array): Uint8Array {
  return joined(bytes.subarray(0, at), run, bytes.subarray(at));
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
