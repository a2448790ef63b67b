import { z } from "zod";
import { eventSchema } from "../../lab/eventSchema.ts";

export type EventLine = z.infer<typeof eventSchema>;

/** What `--json` printed. Throws for a line that is no event, for a gap in `seq`, and for a time before the one above it. */
export function eventLines(out: string): EventLine[] {
  const events = out
    .slice(0, out.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1)
    .map(eventLine);
  events.forEach(({ seq, time }, i) => {
    if (seq !== i) throw new Error(`Event ${i} has the number ${seq}.`);
    if (i > 0 && time < events[i - 1]!.time)
      throw new Error(`Event ${i} is of ${time}, before the one above it.`);
  });
  return events;
}

function eventLine(line: string): EventLine {
  const parsed = eventSchema.safeParse(JSON.parse(line));
  if (parsed.success) return parsed.data;
  throw new Error(`This is no event: ${line.slice(0, 300)}\n${z.prettifyError(parsed.error)}`);
}
