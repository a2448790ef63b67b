import { resolve } from "node:path";
import { MhoError } from "../src/errors.ts";

/** Only a page is ever written over, never the strategy or the table that a slip of the keyboard names. */
export function pageNamed(out: string): string {
  if (/[^/\\]\.html?$/i.test(out)) return resolve(out);
  throw new MhoError(
    "bad-argument",
    `--out ${out}: a report is a page, so give a name that ends in .html or .htm, such as report.html.`,
    { file: out },
  );
}
