import type { Question } from "../../src/run/questions.ts";
import { button, element, tellRefusal, withText } from "./page.ts";
import { change } from "./token.ts";
import { agoText, whenText } from "./words.ts";

let shown = "";
let open: readonly Question[] = [];

/** Shows what programs ask, with a button for each answer. */
export function showQuestions(questions: readonly Question[]): void {
  open = questions;
  const now = JSON.stringify(questions);
  if (now === shown) return;
  shown = now;
  const place = element("questions");
  place.hidden = questions.length === 0;
  // A question that stays keeps its element, and the focus and what was typed into it.
  const before = new Map([...place.children].map((one) => [(one as HTMLElement).dataset["id"], one]));
  place.replaceChildren(...questions.map((one) => before.get(one.id) ?? cardOf(one)));
  sayWaiting();
}

/** Says how long each has waited. */
export function sayWaiting(): void {
  open.forEach(({ askedAt, from, deadlineAt, run, id }, k) => {
    const until = deadlineAt === undefined ? "" : ` · waits until ${whenText(deadlineAt)}`;
    const of = run === undefined ? "" : ` · of ${run}`;
    const said = element("questions").children[k]?.querySelector("small");
    if (said != null) said.textContent = `${id} · asked ${agoText(askedAt)} on ${from.host}${of}${until}`;
  });
}

/** Whether anything waits for a person. */
export const isAsked = (): boolean => open.length > 0;

function cardOf({ id, text, answers }: Question): HTMLElement {
  const card = document.createElement("article");
  card.dataset["id"] = id;
  const asks = document.createElement("form");
  asks.className = "asks writes";
  const give = (answer: string): void =>
    void change(`api/questions/${id}/answer`, { answer }).then(tellRefusal);
  if (answers.length > 0) asks.append(...answers.map((answer) => button(answer, () => give(answer))));
  else {
    const input = document.createElement("input");
    input.setAttribute("aria-label", text);
    input.maxLength = 200;
    const send = withText("button", "Answer");
    asks.append(input, send);
    asks.onsubmit = (event) => {
      event.preventDefault();
      if (input.value.trim() !== "") give(input.value);
    };
  }
  const back = button("Take back", () => {
    void change(`api/questions/${id}/answer`, { withdraw: true }).then(tellRefusal);
  });
  back.className = "quiet";
  back.title = "Ask no longer: the program that waits is stopped";
  asks.append(back);
  card.append(withText("p", text), withText("small", ""), asks);
  return card;
}
