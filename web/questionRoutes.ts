import type { Hono } from "hono";
import { refusal, refusedBy } from "./answers.ts";
import { bodyOf } from "./bookRoutes.ts";
import type { Guards } from "./guards.ts";
import type { PageLibrary } from "./pageLibrary.ts";

/** Answers what a run asks its operator. */
export function addQuestionRoutes(app: Hono, library: PageLibrary, { mayChange }: Guards): void {
  app.post("/api/questions/:question/answer", mayChange, async (c) => {
    const { answer, withdraw } = await bodyOf(c.req);
    const question = c.req.param("question") ?? "";
    if (typeof answer !== "string" && withdraw !== true) return refusal(c, 400, "An answer is a text.");
    try {
      if (typeof answer === "string") await library.answer(question, answer);
      else await library.withdraw(question);
      return c.body(null, 204);
    } catch (error) {
      return refusedBy(c, error);
    }
  });
}
