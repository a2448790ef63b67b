import { hostname } from "node:os";
import { systemClock } from "../drivers/systemClock.ts";
import { MhoError } from "../src/errors.ts";
import {
  answerTo,
  checkQuestion,
  openQuestion,
  type Question,
  type QuestionId,
} from "../src/run/questions.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { formatDuration, parseDuration, type Seconds } from "../src/units.ts";
import { checkLine } from "../src/run/labels.ts";
import { runNamed } from "./runName.ts";
import { patience } from "./session.ts";
import { wallTime } from "./wallTime.ts";
import type { Workplace } from "./workplace.ts";

export interface AskOptions {
  /** Those that may be given (`["yes", "no"]`); `"line"` where any line of text may. */
  readonly answers?: readonly string[] | "line" | undefined;
  /** How long to wait: seconds, or such as "10min". Without it an answer is waited for without end. */
  readonly deadline?: Seconds | string | undefined;
  /** The answer that holds where none was given by the deadline. Without it the call throws then. */
  readonly otherwise?: string | undefined;
  /** Tell the chip to go to standby, and have it confirm that, before the question is asked. */
  readonly standby?: boolean | undefined;
  /** A run whose journal is to keep question and answer as a note. */
  readonly run?: RunId | undefined;
}

/**
 * Asks the people at the bench, and waits for the answer: from the live page, from `mho answer`, or from the terminal of the command.
 *
 * @throws `interrupted` when the deadline passes, the question is taken back, or the bench is stopped.
 */
export async function ask(
  place: Workplace,
  text: string,
  { answers: given = ["yes", "no"], deadline, otherwise, standby = false, run }: AskOptions,
): Promise<string> {
  const answers = given === "line" ? [] : given;
  const seconds = typeof deadline === "string" ? parseDuration(deadline) : deadline;
  if (given !== "line" && answers.length === 0)
    throw new MhoError("bad-argument", 'Give the answers that are possible, or answers: "line" for any.');
  checkQuestion(text, answers);
  if (deadline !== undefined && !(seconds !== undefined && seconds > 0))
    throw new MhoError("bad-argument", `The deadline ${deadline} is no time. Give one such as 10min.`);
  if (
    otherwise !== undefined &&
    (deadline === undefined || (answers.length > 0 && !answers.includes(otherwise)))
  )
    throw new MhoError("bad-argument", "otherwise is one of the answers, and goes with a deadline.");
  const store = await place.writableStore();
  const noted = run === undefined ? undefined : runNamed(run);
  // Throws for a run that the workspace does not have.
  if (noted !== undefined) await store.summary(noted);
  if (standby) await chipInStandby(place);
  const askedAt = wallTime();
  const deadlineAt =
    seconds === undefined ? undefined : new Date(Date.parse(askedAt) + 1000 * seconds).toISOString();
  const id = await store.appendQuestion({
    kind: "asked",
    at: askedAt,
    text,
    answers,
    ...(deadlineAt !== undefined && { deadlineAt }),
    ...(noted !== undefined && { run: noted }),
    from: { host: hostname(), process: process.pid },
  });
  place.emit({
    type: "asked",
    question: id,
    text,
    answers,
    deadline_at: deadlineAt ?? null,
    run: noted ?? null,
  });
  const ended = await waitFor(place, store, id, deadlineAt);
  return told(place, store, ended, otherwise);
}

/** The chip's work has left it in standby already; this has it say so again, just before a person comes near. */
async function chipInStandby(place: Workplace): Promise<void> {
  const session = await place.session(await place.chipNamed());
  await session.work(patience.programMilliseconds, ({ driver }) => driver.standby());
}

/** Until the question is answered or closed. */
async function waitFor(
  { stop }: Workplace,
  store: RunStore,
  id: QuestionId,
  deadlineAt: string | undefined,
): Promise<Question> {
  for (;;) {
    const found = (await store.questions()).find((one) => one.id === id)!;
    if (found.state !== "open") return found;
    if (stop.requested) await close(store, id, "The program that asked was stopped.");
    else if (deadlineAt !== undefined && wallTime() >= deadlineAt) await close(store, id, deadlinePassed);
    else await systemClock.sleep(betweenLooks);
  }
}

/** An answer may come just before. */
async function close(store: RunStore, id: QuestionId, why: string): Promise<void> {
  await store
    .appendQuestion({ kind: "closed", at: wallTime(), question: id, why })
    .catch(async (error: unknown) => {
      const found = (await store.questions()).find((one) => one.id === id);
      if (found?.state === "open") throw error;
    });
}

const deadlinePassed = "No answer came by the deadline.";
const betweenLooks = 200_000;

/** Writes the end of a question into the journal of its run, tells of it, and gives the answer. */
async function told(
  place: Workplace,
  store: RunStore,
  { id, text, run, askedAt, endedAt, answer, by, why }: Question,
  otherwise: string | undefined,
): Promise<string> {
  const late = why === deadlinePassed;
  const given = answer ?? (late ? otherwise : undefined);
  const after = formatDuration(Math.max(0, Math.round((Date.parse(endedAt!) - Date.parse(askedAt)) / 1000)));
  const who = by === undefined ? "" : ` by ${by}`;
  const outcome =
    answer !== undefined
      ? `answered ${answer}${who} after ${after}.`
      : `${why} After ${after}${given === undefined ? "." : `, ${given} was taken.`}`;
  if (run !== undefined)
    await store.appendNote(run, { notedAt: endedAt!, what: "asked", text: `${id}, ${text} – ${outcome}` });
  const how = answer !== undefined ? "answered" : late ? "deadline" : "closed";
  place.emit({ type: "answered", question: id, answer: given ?? null, by: by ?? null, how });
  if (given !== undefined) return given;
  throw new MhoError(
    "interrupted",
    `${id}, "${text}": ${why} Every chip is in standby. Start the work again.`,
    {
      question: id,
    },
  );
}

/** Questions that wait for an answer. Those of processes of this machine that have ended are closed. */
export async function questions(place: Workplace): Promise<readonly Question[]> {
  const store = await place.existingStore();
  const open = (await store.questions()).filter(({ state }) => state === "open");
  const gone = open.filter(({ from }) => from.host === hostname() && !isRunning(from.process));
  if (gone.length === 0 || store.readOnly) return open.filter((one) => !gone.includes(one));
  for (const { id } of gone) await close(store, id, "The program that asked has ended.");
  return (await store.questions()).filter(({ state }) => state === "open");
}

export interface AnswerOptions {
  /** Who answers; that of the config file where none is given. */
  readonly operator?: string | undefined;
}

/** Answers a question. @returns it, with the answer as it is kept. */
export async function answer(
  place: Workplace,
  id: QuestionId,
  text: string,
  { operator = place.operator }: AnswerOptions,
): Promise<Question> {
  checkLine("--operator", operator);
  const store = await place.existingStore();
  store.mustBeWritable();
  const given = answerTo(openQuestion(await store.questions(), id), text);
  const by = operator === undefined ? {} : { by: operator };
  await store.appendQuestion({ kind: "answered", at: wallTime(), question: id, answer: given, ...by });
  return (await store.questions()).find((one) => one.id === id)!;
}

/** Takes a question back: a program that still waits for its answer is stopped. */
export async function withdraw(
  place: Workplace,
  id: QuestionId,
  { operator = place.operator }: AnswerOptions,
): Promise<void> {
  checkLine("--operator", operator);
  const store = await place.existingStore();
  store.mustBeWritable();
  const who = operator === undefined ? "" : ` by ${operator}`;
  await store.appendQuestion({
    kind: "closed",
    at: wallTime(),
    question: id,
    why: `It was taken back${who}.`,
  });
}

function isRunning(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    // One of another user may not be signalled, and is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
