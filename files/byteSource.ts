import { open } from "node:fs/promises";
import { badFile, unreadable } from "./readFile.ts";

/** Bytes that are read by ranges. */
export interface ByteSource {
  readonly bytes: number;
  /** Exactly so many from a place on, which must lie inside. */
  read(from: number, length: number): Promise<Uint8Array>;
}

/** Opens a file, which may be larger than the memory, for as long as the work takes. Throws `bad-file`. */
export async function withFile<T>(path: string, work: (source: ByteSource) => Promise<T>): Promise<T> {
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const facts = await file.stat();
    if (facts.isDirectory()) throw badFile(path, "it is a folder", "Check the path.");
    return await work({
      bytes: facts.size,
      async read(from, length) {
        const buffer = new Uint8Array(length);
        for (let at = 0; at < length;) {
          const { bytesRead } = await file.read(buffer, at, Math.min(length - at, mostAtOnce), from + at);
          if (bytesRead === 0) throw badFile(path, "it became shorter while it was read", "Try again.");
          at += bytesRead;
        }
        return buffer;
      },
    });
  } finally {
    await file.close();
  }
}

/** Node reads less than 2 GiB at a time. */
const mostAtOnce = 1 << 30;

/** Bytes at hand. */
export function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    bytes: bytes.length,
    read: (from, length) => Promise.resolve(bytes.subarray(from, from + length)),
  };
}
