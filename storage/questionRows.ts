import {
  foldQuestions,
  openQuestion,
  type Question,
  type QuestionChange,
  type QuestionId,
} from "../src/run/questions.ts";
import { ofWorkspace } from "./chains.ts";
import { questionOf } from "./records.ts";
import { type Tables, wholeTable } from "./wholeTable.ts";

/** What experiments ask of people, and what they answer: a table of changes. */
export class QuestionRows {
  readonly #tables: Tables;
  #known:
    { readonly rows: number; readonly last: number; readonly questions: readonly Question[] } | undefined;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Read as a whole only when there are more changes than before. */
  list(): readonly Question[] {
    const { rows, last } = this.#tables.chains.get(ofWorkspace, "questions");
    if (this.#known?.last === last && this.#known.rows === rows) return this.#known.questions;
    const changes = wholeTable(this.#tables, "questions", "the questions", ({ change }) =>
      questionOf(change as string),
    );
    const questions = foldQuestions(changes);
    this.#known = { rows, last, questions };
    return questions;
  }

  /** Belongs into a commit: of two answers that are given at once, the second finds the first. */
  append(change: QuestionChange): QuestionId {
    const before = this.list();
    const id = change.kind === "asked" ? `q${before.length + 1}` : openQuestion(before, change.question).id;
    this.#tables.chains.append("questions", [JSON.stringify(change)], ofWorkspace);
    return id;
  }
}
