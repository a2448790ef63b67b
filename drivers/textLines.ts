import type { Heard, Message } from "./heard.ts";

/** Cuts bytes into lines without their ends, whatever the chunks. Of a line that has no end, only the beginning is kept. */
export function linesOf(onLine: (line: string) => void): (bytes: Uint8Array) => void {
  let text = "";
  return (bytes) => {
    const parts = (text + Buffer.from(bytes).toString("latin1")).split("\n");
    text = parts.pop()!.slice(0, longestLine);
    for (const part of parts) onLine(part.trimEnd());
  };
}

const longestLine = 4096;

/** Transcripts of a language of plain lines. Nothing says which answer belongs to which order, so all of them do. */
export function readLineTranscript(): Heard {
  const messages: Message[] = [];
  let microseconds = 0;
  const push = linesOf((whole) => {
    const shown = whole.length > 60 ? `${whole.slice(0, 60)}… (${whole.length} bytes)` : whole;
    messages.push({ key: "line", name: "line", shown, whole, microseconds, understood: true });
  });
  return {
    messages,
    damaged: 0,
    push(bytes, at) {
      microseconds = at;
      push(bytes);
    },
  };
}
