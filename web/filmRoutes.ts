import type { Hono } from "hono";
import { json, refusal, wholeNumber } from "./answers.ts";
import type { Guards } from "./guards.ts";
import type { LiveDesk } from "./liveDesk.ts";

/** The devices of a tile: as they are now, and as each sweep read them. */
export function addFilmRoutes(app: Hono, desk: LiveDesk, { mayLook }: Guards): void {
  app.get("/api/runs/:run/tiles/:tile/devices", mayLook, async (c) => {
    const tile = wholeNumber(c.req.param("tile"));
    const bytes = tile === undefined ? undefined : await desk.devicesOf(c.req.param("run") ?? "", tile);
    if (bytes === undefined) return refusal(c, 404, "The run has no such tile.");
    return c.body(bytes, 200, { "Content-Type": "application/octet-stream", "Cache-Control": "no-store" });
  });

  app.get("/api/runs/:run/tiles/:tile/frames", mayLook, async (c) => {
    const tile = wholeNumber(c.req.param("tile"));
    const frames = tile === undefined ? undefined : await desk.framesOf(c.req.param("run") ?? "", tile);
    return frames === undefined ? refusal(c, 404, "The run has no such tile.") : json(c, 200, frames);
  });

  app.get("/api/runs/:run/tiles/:tile/frames/:frame", mayLook, async (c) => {
    const [tile, frame] = [wholeNumber(c.req.param("tile")), wholeNumber(c.req.param("frame"))];
    const known = tile !== undefined && frame !== undefined;
    const bytes = known ? await desk.frameOf(c.req.param("run") ?? "", tile, frame) : undefined;
    if (bytes === undefined) return refusal(c, 404, "The tile was not read so often.");
    return c.body(bytes, 200, { "Content-Type": "application/octet-stream", "Cache-Control": "no-store" });
  });
}
