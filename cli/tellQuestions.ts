import type { QuestionEvent } from "../lab/events.ts";
import { localTimeIn } from "../lab/wallTime.ts";

/** A question in a line; undefined where its end is told as an error. */
export function questionText(event: QuestionEvent): string | undefined {
  return event.type === "asked" ? askedText(event) : answeredText(event);
}

function askedText({ question, text, answers, deadline_at: until }: Asked): string {
  const by = until === null ? "" : `, until ${localTimeIn((Date.parse(until) - Date.now()) / 1000)}`;
  const possible = answers.length === 0 ? "TEXT" : answers.join("|");
  const here = process.stdin.isTTY ? "here, " : "";
  return `${question}: ${text} Answer ${here}on the live page${by}, or in another terminal: mho answer ${question} ${possible}`;
}

function answeredText({ question, answer, by, how }: Answered): string | undefined {
  if (answer === null) return undefined;
  const who = by === null ? "" : `, by ${by}`;
  return `${question}: ${answer}${who}${how === "deadline" ? ", as no answer came by the deadline" : ""}`;
}

type Asked = Extract<QuestionEvent, { readonly type: "asked" }>;
type Answered = Extract<QuestionEvent, { readonly type: "answered" }>;
