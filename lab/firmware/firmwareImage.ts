import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { decodeUf2, type Uf2Block } from "../../emulator/rp2040/uf2.ts";
import { MhoError } from "../../src/errors.ts";
import { packageRoot } from "../packageRoot.ts";

/** The reference firmware as it is flashed, block by block. */
export async function firmwareImage(
  path = fileURLToPath(new URL(imagePath, packageRoot)),
): Promise<Uf2Block[]> {
  const file = await readFile(path).catch((error: unknown) => {
    throw new MhoError("bad-file", `Cannot read the firmware ${path}.`, { file: path }, error);
  });
  const blocks = decodeUf2(file);
  if (blocks !== undefined) return blocks;
  throw new MhoError("bad-file", `${path} is no UF2 file for the RP2040.`, { file: path });
}

const imagePath = "firmware/image/mho-rp2040.uf2";
