import { z } from "zod";
import type { Stamp } from "./events.ts";
import { benchEvents } from "./schemas/benchEvents.ts";
import { commandEvents } from "./schemas/commandEvents.ts";
import { resultSchema } from "./schemas/results.ts";

/**
 * The schema of every line that `--json` prints. Tests and `npm run events` load it. Commands take its types alone: with it they would
 * start 50 ms later.
 */
export const eventSchema = z.discriminatedUnion("type", [...benchEvents, ...commandEvents, resultSchema]);

/** Every event but results, as the schema has it. */
export type SchemaEvent = z.infer<(typeof benchEvents | typeof commandEvents)[number]>;

type Result = z.infer<typeof resultSchema>;

/** A command that ends with a `result`. */
export type CommandName = Result["command"];

/** What the result of a command holds beside what every event has and the command's name. */
export type ResultFields<C extends CommandName> = FieldsOf<Extract<Result, { readonly command: C }>>;

type FieldsOf<R> = R extends unknown ? Frozen<Omit<R, "type" | "command" | keyof Stamp>> : never;

/** The same, read-only. */
export type Frozen<T> = T extends readonly unknown[]
  ? { readonly [K in keyof T]: Frozen<T[K]> }
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;
