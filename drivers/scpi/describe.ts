import { bytesOf } from "../../protocols/scpi/bytes.ts";
import { gatherDescription, type Part, partBytes, type SelfDescription } from "../selfDescription.ts";
import type { LineRequests } from "./lineRequests.ts";

/** Asks a board that declared it for its description. Throws `chip-refused` for one that cannot be. */
export async function askDescription(lines: LineRequests): Promise<SelfDescription> {
  const what = "SYST:DESC?";
  const [size = ""] = await lines.ask({ line: "SYST:DESC:SIZE?", what: "SYST:DESC:SIZE?" });
  const whole = sizeOf(size);
  if (whole === undefined) throw lines.malformed("SYST:DESC:SIZE?");
  const text = await gatherDescription(
    async (offset, most) => {
      const answers = await lines.ask({ line: `SYST:DESC? ${offset},${most}`, what, replyBytes: partBytes });
      // A block may hold semicolons, which part answers.
      const bytes = blockOf(answers.join(";"));
      if (bytes === undefined) throw lines.malformed(what, "it is no definite-length block");
      return { ...whole, bytes };
    },
    (wrong) => {
      throw lines.malformed(what, wrong);
    },
  );
  return { text };
}

/** What `SYST:DESC:SIZE?` gives: `1511,#H1A2B3C4D`. */
export function sizeOf(answer: string): Omit<Part, "bytes"> | undefined {
  const said = /^(\d{1,9}),#H([0-9A-F]{1,8})$/i.exec(answer);
  return said === null ? undefined : { totalBytes: Number(said[1]), check: Number.parseInt(said[2]!, 16) };
}

/** The bytes of a definite-length block such as `#15hello`. */
export function blockOf(answer: string): Uint8Array | undefined {
  const digits = /^#([1-9])/.exec(answer)?.[1];
  if (digits === undefined) return undefined;
  const start = 2 + Number(digits);
  const length = answer.slice(2, start);
  const data = answer.slice(start);
  return /^\d+$/.test(length) && Number(length) === data.length ? bytesOf(data) : undefined;
}
