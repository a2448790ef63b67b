import type { Hono } from "hono";
import { refusal, refusedBy } from "./answers.ts";
import { aRun, bodyOf } from "./bookRoutes.ts";
import type { Guards } from "./guards.ts";
import type { PageLibrary } from "./pageLibrary.ts";

/** Starts the jobs of the queue, and changes their order. A job that runs a file of code is never started from a page. */
export function addQueueRoutes(app: Hono, library: PageLibrary, { mayChange }: Guards): void {
  app.post("/api/queue/start", mayChange, async (c) => {
    if (library.startWork === undefined) return refusal(c, 409, "Start it in a terminal: mho work.");
    try {
      await library.startWork();
      return c.body(null, 204);
    } catch (error) {
      return refusedBy(c, error);
    }
  });

  app.post("/api/queue/:job{j[0-9]+}", mayChange, async (c) => {
    const job = c.req.param("job") ?? "";
    const { change } = await bodyOf(c.req);
    const { queue } = library;
    try {
      if (change === "first") await queue.move(job, { first: true });
      else if (change === "retry") await queue.retry(job);
      else if (change === "remove") await queue.remove(job);
      else return refusal(c, 400, "A job is moved first, retried or removed.");
      return c.body(null, 204);
    } catch (error) {
      return refusedBy(c, error);
    }
  });

  /** A run whose process has ended goes on as a job. */
  app.post(`/api/runs/${aRun}/queue`, mayChange, async (c) => {
    const { command } = await bodyOf(c.req);
    if (command !== "resume") return refusal(c, 400, "A run is queued to be resumed.");
    try {
      await library.queue.add(command, c.req.param("run") ?? "");
      return c.body(null, 204);
    } catch (error) {
      return refusedBy(c, error);
    }
  });
}
