import { z } from "zod";
import { eventVersion } from "../events.ts";

/** What stands on every event, after its type. */
export const stamp = {
  time: z.iso.datetime().describe("Wall time at which it happened, ISO 8601."),
  seq: z.int().nonnegative().describe("Number of the event within its process, from 0."),
  version: z.literal(eventVersion).describe("Version of the events."),
};

/** The schema of one event. No other field is allowed. */
export function event<T extends string, S extends z.ZodRawShape>(type: T, fields: S, description: string) {
  return z.strictObject({ type: z.literal(type), ...stamp, ...fields }).describe(description);
}

/** The schema of what a command ends with. */
export function result<C extends string, S extends z.ZodRawShape>(
  command: C,
  fields: S,
  description: string,
) {
  const named = z.literal(command).describe("The command.");
  return z
    .strictObject({ type: z.literal("result"), ...stamp, command: named, ...fields })
    .describe(description);
}
