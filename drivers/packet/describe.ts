import { decodeDescriptionPart, encodeDescribe, kinds } from "../../protocols/packet/messages.ts";
import { gatherDescription, partBytes, type SelfDescription } from "../selfDescription.ts";
import { noReply, type Request, type RequestQueue } from "./requests.ts";

/** Asks a board that declared it for its description. Throws `chip-refused` for one that cannot be. */
export async function askDescription(
  requests: RequestQueue,
): Promise<SelfDescription & { readonly answersKept: number }> {
  let answersKept = 0;
  const partFrom = (offset: number, most: number): Request => ({
    kind: kinds.describe,
    body: encodeDescribe({ offset, most }),
    what: "describe",
    replyBytes: partBytes + 12,
  });
  const refuse = (wrong: string): never => {
    throw requests.malformed(partFrom(0, partBytes), wrong);
  };
  const text = await gatherDescription(async (offset, most) => {
    const request = partFrom(offset, most);
    const body = await requests.ask(request);
    const part = body === noReply ? undefined : decodeDescriptionPart(body);
    if (part === undefined) throw requests.malformed(request);
    ({ answersKept } = part);
    return part;
  }, refuse);
  if (answersKept < 1) refuse("it keeps no answers, and has to keep one at least");
  return { text, answersKept };
}
