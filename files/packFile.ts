import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";
import { badFile, unreadable } from "./readFile.ts";
import { writeWholeBy } from "./writeWhole.ts";

/**
 * A pack: records in one file, for another bench. It is gzip of
 *
 *     {"format":"mho-pack","version":1, …}          a line of JSON: the head
 *     ["turns",[1,{"text":11},{"blob":4}]]          a record: a line of JSON, then its texts (UTF-8) and blobs, in their order
 *     …
 *     {"sha256":"…"}                                the end: SHA-256 of all bytes before this line
 *
 * Nothing in it is executed, and no name in it is taken for the path of a file.
 */

export type PackValue = number | string | Uint8Array | null;

export interface PackRecord {
  readonly kind: string;
  readonly values: readonly PackValue[];
}

const headSchema = z.strictObject({
  format: z.literal("mho-pack"),
  version: z.literal(1),
  mho: z.string().max(100),
  packed_at: z.string().max(100),
});

export type PackHead = z.output<typeof headSchema>;

/** Writes a pack whole or not at all. Throws `output-failed`. */
export function writePack(
  path: string,
  { mho, packed_at: packedAt }: Pick<PackHead, "mho" | "packed_at">,
  records: AsyncIterable<PackRecord>,
): Promise<void> {
  return writeWholeBy(path, "Name another --out.", async (draft) => {
    const file = await open(draft, "w");
    const head = { format: "mho-pack", version: 1, mho, packed_at: packedAt };
    await pipeline(bytesOf(head, records), createGzip({ level: 6 }), file.createWriteStream());
  });
}

async function* bytesOf(head: object, records: AsyncIterable<PackRecord>): AsyncIterable<Uint8Array> {
  const hash = createHash("sha256");
  const hashed = (bytes: Uint8Array): Uint8Array => {
    hash.update(bytes);
    return bytes;
  };
  yield hashed(Buffer.from(`${JSON.stringify(head)}\n`));
  for await (const { kind, values } of records) {
    const parts = values.map((value) => (typeof value === "string" ? Buffer.from(value) : value));
    const line = values.map((value, k) => {
      const part = parts[k]!;
      if (!(part instanceof Uint8Array)) return part;
      return typeof value === "string" ? { text: part.length } : { blob: part.length };
    });
    yield hashed(Buffer.from(`${JSON.stringify([kind, line])}\n`));
    for (const part of parts) if (part instanceof Uint8Array && part.length > 0) yield hashed(part);
  }
  yield Buffer.from(`${JSON.stringify({ sha256: hash.digest("hex") })}\n`);
}

/** Reads the head of a pack. Throws `bad-file`. */
export async function readPackHead(path: string): Promise<PackHead> {
  const bytes = new Bytes(path);
  try {
    return headOf(path, await bytes.line());
  } finally {
    bytes.close();
  }
}

/** Reads a pack to its end, where its checksum stands: records come before it is known to be right. Throws `bad-file`. */
export async function* readPack(path: string): AsyncIterable<PackRecord> {
  const bytes = new Bytes(path);
  try {
    headOf(path, await bytes.line());
    for (;;) {
      const sum = bytes.sum();
      const line = parsed(path, await bytes.line());
      if (!Array.isArray(line)) {
        const end = endSchema.safeParse(line);
        if (!end.success) throw damaged(path, "a record is none");
        if (end.data.sha256 !== sum) throw damaged(path, "its checksum is another");
        if (!(await bytes.isAtEnd())) throw damaged(path, "something stands behind its end");
        return;
      }
      const record = recordSchema.safeParse(line);
      if (!record.success) throw damaged(path, "a record is none");
      const [kind, parts] = record.data;
      const values: PackValue[] = [];
      for (const part of parts) {
        if (part === null || typeof part === "number") values.push(part);
        else if ("text" in part) values.push((await bytes.take(part.text)).toString());
        else values.push(new Uint8Array(await bytes.take(part.blob)));
      }
      yield { kind, values };
    }
  } finally {
    bytes.close();
  }
}

const length = z.int().nonnegative().max(0x7fff_ffff);
const recordSchema = z.tuple([
  z.string().max(100),
  z
    .array(
      z.union([z.number(), z.null(), z.strictObject({ text: length }), z.strictObject({ blob: length })]),
    )
    .max(100),
]);
const endSchema = z.strictObject({ sha256: z.string().max(64) });

function headOf(path: string, line: string): PackHead {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw badFile(path, "it is no pack", "Give a file that mho pack wrote.");
  }
  const head = headSchema.safeParse(value);
  if (head.success) return head.data;
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format === "mho-pack" && typeof version === "number" && version !== 1)
    throw badFile(path, `it is a pack of version ${version}, and this mho reads version 1`, "Update mho.");
  throw badFile(path, "it is no pack", "Give a file that mho pack wrote.");
}

function parsed(path: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw damaged(path, "a record is none");
  }
}

function damaged(path: string, what: string): Error {
  return badFile(path, `it is damaged: ${what}`, "Copy it anew.");
}

/** The unpacked bytes of a file, in order. What is held is never more than what has arrived and not been taken. */
class Bytes {
  readonly #path: string;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #close: () => void;
  readonly #hash = createHash("sha256");
  #held: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
    const file = createReadStream(path);
    const unpacked = createGunzip();
    file.on("error", (error) => unpacked.destroy(error));
    this.#close = () => {
      file.destroy();
      unpacked.destroy();
    };
    this.#chunks = (file.pipe(unpacked) as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** Of all that was taken. */
  sum(): string {
    return this.#hash.copy().digest("hex");
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf(10);
      if (end >= 0) return (await this.take(end + 1)).toString("utf8", 0, end);
      if (this.#held.length > longestLine) throw damaged(this.#path, "a line has no end");
      await this.#more();
    }
  }

  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > this.#held.length) {
      parts.push(this.#held);
      missing -= this.#held.length;
      this.#held = Buffer.alloc(0);
      await this.#more();
    }
    parts.push(this.#held.subarray(0, missing));
    this.#held = this.#held.subarray(missing);
    const taken = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    this.#hash.update(taken);
    return taken;
  }

  async isAtEnd(): Promise<boolean> {
    return this.#held.length === 0 && (await this.#next()) === undefined;
  }

  close(): void {
    this.#close();
  }

  async #more(): Promise<void> {
    const chunk = await this.#next();
    if (chunk === undefined) throw damaged(this.#path, "its end is missing");
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const { done, value } = await this.#chunks.next();
      return done === true ? undefined : value;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "Z_DATA_ERROR" && this.#hash.copy().digest("hex") === ofNothing)
        throw badFile(this.#path, "it is no pack", "Give a file that mho pack wrote.", error);
      if (code?.startsWith("Z_") === true)
        throw damaged(this.#path, code === "Z_BUF_ERROR" ? "its end is missing" : "it cannot be unpacked");
      throw unreadable(this.#path, error);
    }
  }
}

const longestLine = 65_536;
const ofNothing = createHash("sha256").digest("hex");
