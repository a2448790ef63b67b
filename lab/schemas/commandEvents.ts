import { z } from "zod";
import { type ErrorCode, exitCodes } from "../../src/errors.ts";
import { event } from "./event.ts";
import * as part from "./parts.ts";

const codes = Object.keys(exitCodes) as ErrorCode[];

/** What commands tell beside the events of the library and their results. */
export const commandEvents = [
  event(
    "listening",
    {
      address: z.string().describe("Address of the chip, as `--chip` takes it."),
      seed: part.count.describe("Seed of the emulated chip."),
      control: z.string().nullable().describe("HOST:PORT of the side door; null without `--control`."),
    },
    "`emulate`: the emulated chip answers.",
  ),
  event(
    "replugged",
    {
      address: z.string().describe("Address of the chip now."),
    },
    "`emulate`: the cable was pulled and is back.",
  ),
  event(
    "serving",
    {
      address: z.string().describe("Address of the live page."),
      token: z.string().describe("What pausing and stopping runs needs: ADDRESS#token=TOKEN."),
      workspace: part.workspace,
    },
    "`serve`: the live page is up.",
  ),
  event(
    "error",
    {
      code: z
        .enum([...codes, "bug"])
        .describe("What kind of failure it is; docs/command-line.md has the exit code of each."),
      message: z.string().describe("What happened and what to do, for a person."),
      facts: z
        .record(z.string().regex(/^[a-z][a-z\d_]*$/), z.union([z.string(), z.number(), z.boolean()]))
        .describe("What the failure is about, such as the `file`, the `run` or the `address`. Keys differ."),
    },
    "The command failed. It is the last event, in place of the `result`.",
  ),
] as const;
