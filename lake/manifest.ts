import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { badFile, unreadable } from "../files/readFile.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const fileNamed = <Name extends z.ZodType>(name: Name) =>
  z.strictObject({ name, rows: z.int().nonnegative(), bytes: z.int().nonnegative(), sha256 });

/** What a run's folder holds. It is written last, and a folder without it does not count. */
const manifestSchema = z.strictObject({
  format: z.literal("mho-lake-run"),
  version: z.literal(1),
  software: z.string().max(200),
  written_at: z.string().max(100),
  chip: z.string().max(1000),
  serial_number: z.string().max(1000),
  /** In the workspace that it was written from. */
  run: z.string().max(100),
  /** SHA-256 of what the run began with: by this it is known again. */
  origin: sha256,
  /** SHA-256 of its journal: what was meant, fired and read. */
  digest: sha256,
  /** Sweeps that any tile has; `sweeps.parquet` has columns 0 … sweeps − 1. */
  sweeps: z.int().nonnegative().max(100_000),
  /** Whether any of them holds converter codes, and whether any holds conductances of a board's own. */
  codes: z.boolean(),
  conductances: z.boolean(),
  files: z
    .array(
      fileNamed(
        z.enum(["run.parquet", "readouts.parquet", "sweeps.parquet", "devices.parquet", "fits.parquet"]),
      ),
    )
    .max(100),
});

/** What the folder of a network over several chips holds. */
const networkSchema = z.strictObject({
  format: z.literal("mho-lake-network"),
  version: z.literal(1),
  software: z.string().max(200),
  written_at: z.string().max(100),
  /** In the workspace that it was written from. */
  network: z.string().max(100),
  /** SHA-256 of when it was begun, and of which run holds which tiles: by this it is known again. */
  origin: sha256,
  /** Folders of its runs in the lake, in the order of its shares. */
  runs: z.array(z.string().max(1000)).min(1).max(10_000),
  files: z.array(fileNamed(z.literal("network.parquet"))).length(1),
});

export type Manifest = z.output<typeof manifestSchema>;
export type LakeFile = Manifest["files"][number]["name"];
export type NetworkManifest = z.output<typeof networkSchema>;
export type WrittenFile = (Manifest | NetworkManifest)["files"][number];

export const manifestName = "manifest.json";
export const lakeFiles: readonly LakeFile[] = [
  "run.parquet",
  "readouts.parquet",
  "sweeps.parquet",
  "devices.parquet",
  "fits.parquet",
];

/** Throws `bad-file` for one that mho did not write, or a newer one did. */
export async function readManifest(folder: string): Promise<Manifest> {
  return read(folder, manifestSchema, advice);
}

/** The same of a network. */
export async function readNetworkManifest(folder: string): Promise<NetworkManifest> {
  return read(folder, networkSchema, networkAdvice);
}

async function read<Value>(folder: string, schema: z.ZodType<Value>, advice: string): Promise<Value> {
  const path = join(folder, manifestName);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw unreadable(path, error);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badFile(path, "it is not JSON, so it is damaged", advice);
  }
  const { version } = (value ?? {}) as { version?: unknown };
  if (typeof version === "number" && version > 1)
    throw badFile(path, `it is of version ${version}, and this mho reads version 1`, "Update mho.");
  const found = schema.safeParse(value);
  if (!found.success) throw badFile(path, "it is not a manifest that mho wrote", advice);
  return found.data;
}

const advice = "Restore the run's folder from a copy, or remove it and archive the run again.";
const networkAdvice = "Restore the network's folder from a copy, or remove it and archive the network again.";

/** SHA-256, in hexadecimal. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
