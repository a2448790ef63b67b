import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { badFile, unreadable } from "../files/readFile.ts";

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
  origin: z.string().regex(/^[0-9a-f]{64}$/),
  /** SHA-256 of its journal: what was meant, fired and read. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** Sweeps that any tile has; `sweeps.parquet` has columns 0 … sweeps − 1. */
  sweeps: z.int().nonnegative().max(100_000),
  /** Whether any of them holds converter codes, and whether any holds conductances of a board's own. */
  codes: z.boolean(),
  conductances: z.boolean(),
  files: z
    .array(
      z.strictObject({
        name: z.enum([
          "run.parquet",
          "readouts.parquet",
          "sweeps.parquet",
          "devices.parquet",
          "fits.parquet",
        ]),
        rows: z.int().nonnegative(),
        bytes: z.int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(100),
});

export type Manifest = z.output<typeof manifestSchema>;
export type LakeFile = Manifest["files"][number]["name"];

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
  const found = manifestSchema.safeParse(value);
  if (!found.success) throw badFile(path, "it is not a manifest that mho wrote", advice);
  return found.data;
}

const advice = "Restore the run's folder from a copy, or remove it and archive the run again.";

/** SHA-256, in hexadecimal. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
