import { textOf } from "../../protocols/scpi/bytes.ts";
import { MessageReader } from "../../protocols/scpi/messageReader.ts";
import type { Heard, Message } from "../heard.ts";

/** Lines of a recorded conversation with an instrument. They have no tags: the nth line that asks has the nth answer. */
export function readSmuTranscript(to: "chip" | "host"): Heard {
  const reader = new MessageReader();
  const messages: Message[] = [];
  let damaged = 0;
  return {
    messages,
    get damaged() {
      return damaged;
    },
    push(bytes, microseconds) {
      reader.push(
        bytes,
        (message) => {
          const text = textOf(message);
          // What asks nothing has no answer.
          if (to === "chip" && !text.includes("?")) return;
          messages.push({
            key: String(messages.length),
            name: to === "chip" ? "question" : "answer",
            shown: text.length > 60 ? `${text.slice(0, 60)}… (${text.length} bytes)` : text,
            whole: text,
            microseconds,
            understood: true,
          });
        },
        () => void damaged++,
      );
    },
  };
}
