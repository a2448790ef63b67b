import { badFile } from "./readFile.ts";

const saveAsUtf8 = "Save it as UTF-8.";

/**
 * The text of a file: UTF-8, UTF-16 with or without a byte order mark, or else Windows-1252, whose digits are those of ASCII. The mark
 * is taken off. Throws `bad-file` for what is no text.
 */
export function textOf(bytes: Uint8Array, path: string): string {
  const encoding = encodingOf(bytes);
  if (encoding === "utf-32") throw badFile(path, "it is written in UTF-32", saveAsUtf8);
  const text =
    decoded(bytes, encoding) ?? (encoding === "utf-8" ? decoded(bytes, "windows-1252") : undefined);
  if (text === undefined) throw badFile(path, `it is damaged or cut: it begins as ${encoding}`, saveAsUtf8);
  if (text.includes("\0")) throw badFile(path, "it is not text: it holds bytes of zero", saveAsUtf8);
  return text;
}

export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "utf-32";

/** By its mark; without one, by where the zeros of its first characters stand. */
export function encodingOf(bytes: Uint8Array): Encoding {
  const [a, b, c, d] = bytes;
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff))
    return "utf-32";
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  const pairs = Math.min(32, Math.floor(bytes.length / 2));
  if (pairs === 0) return "utf-8";
  const zeros = [0, 1].map((half) => {
    let count = 0;
    for (let n = 0; n < pairs; n++) if (bytes[2 * n + half] === 0) count++;
    return count;
  });
  if (zeros[0] === 0 && zeros[1]! > pairs / 2) return "utf-16le";
  return zeros[1] === 0 && zeros[0]! > pairs / 2 ? "utf-16be" : "utf-8";
}

function decoded(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
