import type { Hono } from "hono";
import { method, sentenceOf, tableRows } from "../report/compareTexts.ts";
import { json, refusal, refusedBy } from "./answers.ts";
import type { Guards } from "./guards.ts";
import type { ComparedRuns, FoundRuns } from "./liveState.ts";
import type { PageLibrary } from "./pageLibrary.ts";

/** Finds, compares and labels runs: each is a call of the library. */
export function addBookRoutes(app: Hono, library: PageLibrary, { mayFetch, mayChange }: Guards): void {
  app.get("/api/search", mayFetch, async (c) => {
    try {
      const { runs, archivedLeftOut } = await library.list({ where: c.req.query("where") ?? "" });
      return json(c, 200, { runs: runs.map(({ id }) => id), archivedLeftOut } satisfies FoundRuns);
    } catch (error) {
      return refusedBy(c, error);
    }
  });

  app.get("/api/compare", mayFetch, async (c) => {
    try {
      const comparison = await library.compare(runsIn(c.req.query("runs")), {});
      const { runs, ageSeconds, differences } = comparison;
      return json(c, 200, {
        titles: runs.map(({ id, title }) => ({ run: id, title })),
        rows: tableRows({ runs }),
        differences: differences.map(sentenceOf),
        ageSeconds: ageSeconds ?? null,
        method,
      } satisfies ComparedRuns);
    } catch (error) {
      return refusedBy(c, error);
    }
  });

  app.post(`/api/runs/${aRun}/notes`, mayChange, async (c) => {
    const { text } = await bodyOf(c.req);
    if (typeof text !== "string") return refusal(c, 400, "A note is a text.");
    try {
      await library.note(c.req.param("run") ?? "", text);
      return c.body(null, 204);
    } catch (error) {
      return refusedBy(c, error);
    }
  });

  app.post(`/api/runs/${aRun}/tags`, mayChange, async (c) => {
    const { add, remove } = await bodyOf(c.req);
    const tags = add ?? remove;
    if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string"))
      return refusal(c, 400, "Tags are a list of texts, to add or to remove.");
    try {
      await library.tag(c.req.param("run") ?? "", tags, { remove: add === undefined });
      return c.body(null, 204);
    } catch (error) {
      return refusedBy(c, error);
    }
  });
}

/** What is no JSON holds nothing. */
export async function bodyOf(request: { json(): Promise<unknown> }): Promise<Record<string, unknown>> {
  const body = await request.json().catch(() => undefined);
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}

/** The runs of a list such as `r1,r2`. What is none of them is refused by the library, by its name. */
export function runsIn(text = ""): string[] {
  return text.split(",").filter(Boolean).slice(0, mostCompared);
}

const mostCompared = 12;

/** The part of a route that names a run or a network: what the library would take for a file or a chip is no route. */
export const aRun = ":run{[rn][0-9]+}";
