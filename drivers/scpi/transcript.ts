import { textOf } from "../../protocols/scpi/bytes.ts";
import { MessageReader } from "../../protocols/scpi/messageReader.ts";
import { parseMessage } from "../../protocols/scpi/parse.ts";
import { decodeTaggedReply, decodeTaggedRequest } from "../../protocols/scpi/taggedLine.ts";
import type { Heard, Message } from "../heard.ts";

/** Lines of a recorded conversation. */
export function readScpiTranscript(to: "chip" | "host"): Heard {
  const reader = new MessageReader();
  const found: Message[] = [];
  let damaged = 0;
  return {
    messages: found,
    get damaged() {
      return damaged;
    },
    push(bytes, microseconds) {
      reader.push(
        bytes,
        (message) => {
          const text = textOf(message);
          const line = to === "chip" ? decodeTaggedRequest(text) : decodeTaggedReply(text);
          if (line === undefined || line === "damaged") return void damaged++;
          const { session, tag, rest } = line;
          const idn = /^[^,;]*,([^,;]*),([^,;]*),[^;]*;(\d+);(\d+),/.exec(rest);
          found.push({
            key: `${session} ${tag}`,
            name: `tag ${tag}`,
            shown: rest.length > 60 ? `${rest.slice(0, 60)}… (${rest.length} bytes)` : rest,
            whole: rest,
            microseconds,
            understood: to === "host" || parses(rest),
            ...(to === "host" && idn
              ? {
                  identity: {
                    name: idn[1]!,
                    serialNumber: idn[2]!,
                    boot: Number(idn[3]),
                    tiles: Number(idn[4]),
                    describes: /^[^"]*"[A-Z,]*\bDESCRIBE\b/.test(rest),
                  },
                }
              : {}),
          });
        },
        () => void damaged++,
      );
    },
  };
}

function parses(line: string): boolean {
  try {
    return [...parseMessage(line)].length > 0;
  } catch {
    // A line that does not parse is what the caller asks about.
    return false;
  }
}
