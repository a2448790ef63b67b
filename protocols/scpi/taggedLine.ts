import { crc32c } from "../crc32c.ts";
import { bytesOf } from "./bytes.ts";
import { wholeText } from "./numbers.ts";

/**
 * A line that is known again: `SYST:TAG? session,tag,#Hcheck;` stands before a request, `session,tag,#Hcheck;` before its
 * reply. The check is the CRC-32C of `session,tag;` and what follows, so damage is found in either direction.
 */
export interface TaggedLine {
  readonly session: number;
  readonly tag: number;
  readonly rest: string;
}

export function encodeTaggedRequest(line: TaggedLine): string {
  return `SYST:TAG? ${encodeTaggedReply(line)}`;
}

/** Throws RangeError for a session or a tag that is no 32-bit number. */
export function encodeTaggedReply({ session, tag, rest }: TaggedLine): string {
  const check = checkOf(session, tag, rest).toString(16).toUpperCase().padStart(8, "0");
  return `${wholeText(session, 0xffffffff)},${wholeText(tag, 0xffffffff)},#H${check};${rest}`;
}

/** @returns undefined for a line without a tag, "damaged" for one that is not what its check says. */
export function decodeTaggedRequest(line: string): TaggedLine | "damaged" | undefined {
  const match = /^[\s:]*SYST(?:EM)?:TAG\?/i.exec(line);
  return match ? (decodeTaggedReply(line.slice(match[0].length).trimStart()) ?? "damaged") : undefined;
}

/** @returns undefined for anything but a whole tagged reply. */
export function decodeTaggedReply(line: string): TaggedLine | undefined {
  const match = /^(\d{1,10}),(\d{1,10}),#H([0-9A-F]{8});/i.exec(line);
  if (!match) return undefined;
  const [head, session, tag, check] = match;
  const rest = line.slice(head.length);
  const found = { session: Number(session), tag: Number(tag), rest };
  if (found.session > 0xffffffff || found.tag > 0xffffffff) return undefined;
  return checkOf(found.session, found.tag, rest) === Number.parseInt(check!, 16) ? found : undefined;
}

function checkOf(session: number, tag: number, rest: string): number {
  return crc32c(bytesOf(`${session},${tag};${rest}`));
}
