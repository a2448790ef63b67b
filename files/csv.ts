import { badFile, readInputFile } from "./readFile.ts";
import type { Tensor } from "./safetensors.ts";

/**
 * Reads a matrix written as text: numbers apart by commas, semicolons, tabs or blanks, `#` before a comment, one
 * heading line at most. Throws `bad-file` with the line that is wrong.
 */
export async function readCsv(path: string): Promise<Tensor> {
  return parseCsv(new TextDecoder().decode(await readInputFile(path)), path);
}

/** @param withGaps  whether `nan` may stand for a number that is not there. */
export function parseCsv(text: string, path: string, withGaps = false): Tensor {
  const values: number[] = [];
  let columns = 0;
  let rows = 0;
  let headed = false;
  for (const [number, line] of text.split(/\r\n|\n|\r/).entries()) {
    const content = line
      .replace(/^\uFEFF/, "")
      .replace(/#.*/, "")
      .trim();
    if (content === "") continue;
    const parts = content
      .split(/\s*[,;\t]\s*|\s+/)
      .filter((part, i, all) => part !== "" || i < all.length - 1);
    const numbers = parts.map((part) => (part === "" ? Number.NaN : Number(part)));
    const wrong = numbers.findIndex(
      (value, i) => Number.isNaN(value) && !(withGaps && /^nan$/i.test(parts[i]!)),
    );
    if (wrong >= 0) {
      if (rows === 0 && !headed && numbers.every((value) => Number.isNaN(value))) {
        headed = true;
        continue;
      }
      throw badFile(
        path,
        `line ${number + 1} has "${parts[wrong]}" where a number should be`,
        "Correct that line.",
      );
    }
    if (rows > 0 && numbers.length !== columns) {
      throw badFile(
        path,
        `line ${number + 1} has ${numbers.length} numbers and those before it ${columns}`,
        "Give every line as many.",
      );
    }
    columns = numbers.length;
    rows++;
    for (const value of numbers) values.push(value);
  }
  return { shape: [rows, columns], values: Float32Array.from(values) };
}
