import { assert, MhoError } from "../errors.ts";
import { harmless } from "../harmless.ts";

/** What programs ask the people at a bench, such as "needle down?", and wait for. */

/** `q1`, by the order in which they were asked. */
export type QuestionId = string;

/** A change of the questions of a workspace. Changes are only ever added, so it stays known who answered what, and when. */
export type QuestionChange =
  | {
      readonly kind: "asked";
      /** Wall time, ISO 8601. */
      readonly at: string;
      readonly text: string;
      /** Those that may be given; none where any line may. */
      readonly answers: readonly string[];
      /** When it is no longer waited for, wall time; undefined where it is waited for without end. */
      readonly deadlineAt?: string | undefined;
      /** The run whose journal keeps question and answer as a note, too. */
      readonly run?: string | undefined;
      readonly from: Asker;
    }
  | {
      readonly kind: "answered";
      readonly at: string;
      readonly question: QuestionId;
      readonly answer: string;
      readonly by?: string | undefined;
    }
  | {
      readonly kind: "closed";
      readonly at: string;
      readonly question: QuestionId;
      /** Why nothing more is waited for: a sentence. */
      readonly why: string;
    };

/** The process that waits. */
export interface Asker {
  readonly host: string;
  readonly process: number;
}

/** A question as it stands. */
export interface Question {
  readonly id: QuestionId;
  readonly askedAt: string;
  readonly text: string;
  readonly answers: readonly string[];
  readonly deadlineAt: string | undefined;
  readonly run: string | undefined;
  readonly from: Asker;
  readonly state: "open" | "answered" | "closed";
  readonly answer: string | undefined;
  readonly by: string | undefined;
  /** When it was answered or closed. */
  readonly endedAt: string | undefined;
  readonly why: string | undefined;
}

/** Questions as they stand, in the order in which they were asked. The first answer holds. */
export function foldQuestions(changes: readonly QuestionChange[]): readonly Question[] {
  const questions = new Map<QuestionId, Question>();
  for (const change of changes) {
    if (change.kind === "asked") {
      const { at: askedAt, text, answers, deadlineAt, run, from } = change;
      const id = `q${questions.size + 1}`;
      const open = { state: "open", answer: undefined, by: undefined, endedAt: undefined, why: undefined };
      questions.set(id, { id, askedAt, text, answers, deadlineAt, run, from, ...open } as Question);
      continue;
    }
    const asked = questions.get(change.question);
    if (asked?.state !== "open") continue;
    questions.set(
      asked.id,
      change.kind === "answered"
        ? { ...asked, state: "answered", answer: change.answer, by: change.by, endedAt: change.at }
        : { ...asked, state: "closed", endedAt: change.at, why: change.why },
    );
  }
  return [...questions.values()];
}

/** The question of that name, if it waits for an answer. Throws `bad-argument` that says why it does not. */
export function openQuestion(questions: readonly Question[], id: QuestionId): Question {
  const found = questions.find((one) => one.id === id);
  const open = questions.filter(({ state }) => state === "open");
  if (found === undefined) {
    const known =
      open.length === 0 ? "No question is open." : `Open are ${open.map((one) => one.id).join(", ")}.`;
    throw new MhoError("bad-argument", `There is no question ${harmless(id, 20)}. ${known}`);
  }
  if (found.state === "open") return found;
  const ended =
    found.state === "answered"
      ? `was answered: ${harmless(found.answer!, longestText)}${found.by === undefined ? "" : `, by ${harmless(found.by, longestText)}`}`
      : `is closed: ${found.why!}`;
  throw new MhoError("bad-argument", `Question ${id} ${ended}`.replace(/(?<![.!?])$/, "."), { question: id });
}

/** The answer as it is kept: of a list, the one that was meant, whatever its case. Throws `bad-argument` for another. */
export function answerTo({ id, text, answers }: Question, given: string): string {
  const line = given.trim();
  if (answers.length === 0) {
    if (line !== "" && line.length <= longestText && harmless(line) === line) return line;
    throw new MhoError(
      "bad-argument",
      `Give one line of 1 to ${longestText} characters as the answer to ${id}.`,
    );
  }
  const same = answers.filter((answer) => answer.toLowerCase() === line.toLowerCase());
  const begun = answers.filter(
    (answer) => line !== "" && answer.toLowerCase().startsWith(line.toLowerCase()),
  );
  const found = same[0] ?? (begun.length === 1 ? begun[0] : undefined);
  if (found !== undefined) return found;
  throw new MhoError(
    "bad-argument",
    `${harmless(line, 40)} is no answer to ${id}, "${harmless(text, longestText)}". Answer ${answers.join(" or ")}.`,
    { question: id },
  );
}

/** Throws `bad-argument` for a question that a person could not read or answer. */
export function checkQuestion(text: string, answers: readonly string[]): void {
  if (!isLine(text))
    throw new MhoError("bad-argument", `A question is one line of 1 to ${longestText} characters.`);
  if (
    answers.length > mostAnswers ||
    !answers.every((answer) => isLine(answer) && answer.length <= longestAnswer)
  )
    throw new MhoError(
      "bad-argument",
      `A question has up to ${mostAnswers} answers of 1 to ${longestAnswer} characters each.`,
    );
  const different = new Set(answers.map((answer) => answer.toLowerCase()));
  if (different.size < answers.length)
    throw new MhoError("bad-argument", "Two answers of the question are the same. Give each once.");
  assert(longestAnswer <= longestText, "an answer of a list is an answer");
}

function isLine(text: string): boolean {
  return text.trim() !== "" && text.length <= longestText && harmless(text) === text;
}

const longestText = 200;
const longestAnswer = 40;
const mostAnswers = 8;
