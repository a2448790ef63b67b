import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { MhoError } from "../src/errors.ts";
import { harmlessJson } from "./harmlessJson.ts";

export function json(c: Context, status: ContentfulStatusCode, value: unknown): Response {
  return c.body(harmlessJson(value), status, { "Content-Type": "application/json" });
}

export function refusal(c: Context, status: ContentfulStatusCode, error: string): Response {
  return json(c, status, { error });
}

/** What the library would not do is told in its own words; a mistake of mho goes on to the server. */
export function refusedBy(c: Context, error: unknown): Response {
  if (!(error instanceof MhoError)) throw error;
  const status = error.code === "workspace-failed" ? 409 : 400;
  return refusal(c, status, error.message);
}

export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
