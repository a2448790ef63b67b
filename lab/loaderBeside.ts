import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { MhoError } from "../src/errors.ts";

/**
 * The Python file that loads an exported one: beside it, under its name. Throws `bad-argument` where a file stands there that loads another.
 */
export async function loaderBeside(file: string, ending: ".json" | ".npz"): Promise<string> {
  const loader = `${extname(file) === ending ? file.slice(0, -ending.length) : file}.py`;
  // A file that cannot be read is left to the writing of it, which fails with the reason.
  const there = await readFile(loader, "utf8").catch(() => undefined);
  if (there === undefined || there.includes(JSON.stringify(basename(file)))) return loader;
  throw new MhoError(
    "bad-argument",
    `${loader} is there already, and does not load ${basename(file)}: it would be overwritten. Name another file with --out.`,
    { file: loader },
  );
}
