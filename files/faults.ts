import { z } from "zod";
import { readJson } from "./json.ts";
import { camelKeys, type Camel } from "./keys.ts";

const count = z.int().nonnegative();
const chance = z.number().min(0).max(1).default(0);
const shortTime = z.int().nonnegative().max(600_000);

const kinds = [
  z.strictObject({ fault: z.literal("reset"), after_carrying_out: z.boolean().default(false) }),
  z.strictObject({ fault: z.literal("brown-out") }),
  z.strictObject({ fault: z.literal("unplug"), for_milliseconds: shortTime.default(500) }),
  z.strictObject({ fault: z.literal("hang"), for_milliseconds: shortTime.default(2000) }),
  z.strictObject({
    fault: z.literal("stick"),
    tile: count,
    row: count,
    device: count,
    high: z.boolean().default(false),
  }),
  z.strictObject({ fault: z.literal("dead-row"), tile: count, row: count }),
  z.strictObject({
    fault: z.literal("dumb"),
    to: z.enum(["reads", "pulses", "not-fired", "tags"]),
    for_requests: count.optional(),
  }),
  z.strictObject({
    fault: z.literal("lie"),
    about: z.enum(["time-stops", "time-goes-back", "time-leaps", "codes", "count", "temperature"]),
    for_answers: count.optional(),
  }),
  z.strictObject({
    fault: z.literal("converter-jump"),
    tile: count,
    offset_codes: z.number().default(0),
    gain: z.number().positive().default(1),
  }),
] as const;

/** One fault, as a file or the control channel names it. */
export const faultSchema = z.discriminatedUnion("fault", kinds);

const event = z.discriminatedUnion(
  "fault",
  kinds.map((kind) => kind.extend({ after_requests: count })) as unknown as typeof kinds,
);

/** What a record of faults must look like. */
export const faultRecordSchema = z.strictObject({
  format: z.literal("mho-faults"),
  version: z.literal(1),
  seed: z.int().nonnegative().max(0xffffffff).default(1),
  line: z
    .strictObject({
      damaged: chance,
      dropped: chance,
      duplicated: chance,
      late: chance,
      split: chance,
      glued: chance,
      lost_replies: chance,
    })
    .prefault({}),
  latest_milliseconds: shortTime.default(100),
  clock_parts_per_million: z.number().min(-1000).max(1000).default(0),
  events: z.array(event).default([]),
});

/** Reads a record of what goes wrong. Throws `bad-file`. */
export async function readFaults(path: string): Promise<Camel<FaultFile>> {
  const { format: _, version: __, ...rest } = await readJson(path, faultRecordSchema, "record of faults");
  return camelKeys(rest);
}

type FaultFile = Omit<z.output<typeof faultRecordSchema>, "format" | "version">;

export function scheduledFault(fault: z.output<typeof faultSchema>): Camel<z.output<typeof faultSchema>> {
  return camelKeys(fault);
}
