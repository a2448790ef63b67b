import { z } from "zod";
import { type ErrorCode, exitCodes } from "../../src/errors.ts";
import { event } from "./event.ts";
import * as part from "./parts.ts";

const codes = Object.keys(exitCodes) as ErrorCode[];

/** A share of a network, as several events tell it. */
export const networkShare = {
  share: z.int().positive().describe("Number of the share, from 1."),
  chip: z.string().describe("Address of its chip."),
  first_tile: part.count.describe("Number, in the network, of the tile that the chip has as tile 0."),
  tiles: part.count.describe("Tiles that the chip holds."),
  devices: part.count.describe("Devices with a target."),
};

/** What each chip of a network holds. */
export const networkShares = z.array(
  z.strictObject({
    share: networkShare.share,
    first_tile: networkShare.first_tile,
    tiles: networkShare.tiles,
    address: z.string().describe("Address of its chip."),
    run: part.run.nullable().describe("Run that holds it; null where none has begun on the chip."),
    chip: part.chip.nullable(),
    serial_number: z.string().nullable().describe("Serial number of the chip; null likewise."),
    outcome: z
      .enum(["done", "interrupted", "failed", "running"])
      .nullable()
      .describe("How the run stands; null likewise."),
    left: z
      .array(
        z.strictObject({
          address: z.string().describe("Address of the chip."),
          run: part.run.nullable().describe("The run on it; null where none had begun."),
          left_at: z.string().describe("Wall time, ISO 8601."),
          why: z.string().describe("Why, for a person."),
        }),
      )
      .describe("Chips that failed, and whose place another took."),
  }),
);

/** Work on a network that is laid over several chips. */
export const networkEvents = [
  event(
    "network_started",
    {
      network: part.network.describe("Id of the network."),
      title: z.string().describe("What is programmed: the file that was given."),
      shares: z.array(z.strictObject(networkShare)).describe("The shares that are worked on, one a chip."),
      spares: part.count.describe("Chips that wait to take the place of one that fails."),
      resumed: z.boolean().describe("Whether it goes on after a stop or the failure of a chip."),
    },
    "Work on a network begins; the events of its runs follow, those of several chips mixed.",
  ),
  event(
    "share_failed",
    {
      network: part.network.describe("Id of the network."),
      share: networkShare.share,
      chip: z.string().describe("Address of the chip that failed."),
      run: part.run.nullable().describe("Its run; null where none had begun."),
      code: z.enum(codes).describe("What kind of failure it is, as in `error`."),
      message: z.string().describe("What happened, for a person."),
      spare: z
        .string()
        .nullable()
        .describe("Address of the chip on which the share begins anew; null where no spare is left."),
    },
    "A chip of a network failed; the others go on.",
  ),
  event(
    "network_ended",
    {
      network: part.network.describe("Id of the network."),
      outcome: part.outcome,
      missing: z.array(z.int().positive()).describe("Shares that are not done."),
    },
    "Work on a network is over, for now or for good.",
  ),
] as const;
