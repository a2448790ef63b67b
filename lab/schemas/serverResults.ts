import { z } from "zod";
import { event, result } from "./event.ts";
import * as part from "./parts.ts";

/** What commands about a server tell, and end with. */

const server = z.string().describe("The server's address.");
const bench = z.string().describe("The bench's name at the server.");

export const serverEvents = [
  event(
    "handing_on",
    { server, bench },
    "`hand-on`: the server knows the bench, and is given what it has not.",
  ),
  event(
    "handed_on",
    {
      bench,
      runs: z.array(part.run).describe("Runs of this workspace that the server has more of."),
      rows: part.count.describe("Rows that it took: turns, sweeps, notes and so on."),
    },
    "`hand-on` and `work --server`: the server has acknowledged what it was given.",
  ),
  event(
    "server_away",
    { server, message: z.string().describe("Why, for a person.") },
    "`hand-on --follow` and `work --server`: the server does not answer, or is too busy. It is tried again until it is not; `work` goes on with what it has.",
  ),
  event("server_back", { server }, "`hand-on --follow` and `work --server`: the server answers again."),
] as const;

export const handOn = result(
  "hand-on",
  {
    server,
    bench,
    runs: part.count.describe("Runs that began or changed at the server."),
    rows: part.count.describe("Rows that it took: turns, sweeps, notes and so on."),
    workspace: part.workspace,
  },
  "`hand-on`: what the server was given.",
);

export const serverInit = result(
  "server",
  {
    server,
    before: part.count.describe("Layout of its tables before; 0 where there were none."),
    layout: part.count.describe("Layout of its tables now."),
    roles: z
      .strictObject({
        look: z.string().describe("Group role of those who may look."),
        operate: z.string().describe("Of those who may write, such as benches."),
        administer: z.string().describe("Of those who may change all."),
      })
      .describe("Group roles that were made."),
  },
  "`server init`: the server is set up.",
);
