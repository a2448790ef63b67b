import { isJob } from "../../protocols/arcOne/jobs.ts";
import { decodeFloats } from "../../protocols/arcOne/replies.ts";
import { TokenReader } from "../../protocols/arcOne/tokens.ts";
import type { Heard, Message } from "../heard.ts";

/**
 * Tokens and numbers of a recorded conversation. Nothing on the line says which reply belongs to which request, so all of them do: a token
 * is a message, and what came at once is one.
 */
export function readArcOneTranscript(to: "chip" | "host"): Heard {
  const messages: Message[] = [];
  const reader = new TokenReader();
  let damaged = 0;
  const add = (name: string, shown: string, whole: string, microseconds: number): void =>
    void messages.push({ key: "line", name, shown, whole, microseconds, understood: true });
  return {
    messages,
    get damaged() {
      return damaged;
    },
    push(bytes, microseconds) {
      if (to === "chip") {
        reader.push(bytes, (token) => {
          if (token === undefined) damaged++;
          else add(isJob(token) ? `token, perhaps job ${token}` : "token", token, token, microseconds);
        });
        return;
      }
      const whole = Buffer.from(bytes).toString("hex");
      const values = [...decodeFloats(bytes.subarray(0, 24))].map((value) => value.toPrecision(4));
      add(`reply of ${bytes.length} bytes`, values.join(" "), whole, microseconds);
    },
  };
}
