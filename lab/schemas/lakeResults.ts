import { z } from "zod";
import { result } from "./event.ts";
import * as part from "./parts.ts";

/** What commands about a lake end with. */

export const lakeRun = {
  run: part.run.describe("Id of the run."),
  folder: z.string().describe("Its folder in the lake."),
  bytes: part.count.describe("Size of its files."),
  state: z.enum(["new", "known"]).describe("`known` where the lake had it already: nothing was written."),
};

export const lakeNetwork = {
  network: part.network.describe("The network."),
  runs: z.array(part.run).describe("The runs that hold its shares, in their order."),
  folder: z.string().describe("Its folder in the lake."),
  bytes: part.count.describe("Size of its file."),
  state: lakeRun.state,
};

const checked = (of: string) =>
  z.array(
    z.strictObject({
      folder: z.string().describe(`Folder of the ${of}, in the lake.`),
      bytes: part.count.describe("Size of its files, by its manifest."),
      damage: z.array(z.string()).describe("What is damaged, for a person."),
    }),
  );

export const checkLake = result(
  "check-lake",
  {
    lake: z.string().describe("The lake's folder."),
    sound: z.boolean().describe("Whether every file is as it was written."),
    runs: checked("run").describe("The runs of the lake."),
    networks: checked("network").describe("The networks over several chips whose runs the lake has."),
    leftovers: z
      .array(z.string())
      .describe("Folders that do not count, as a write that was cut off leaves them."),
  },
  "`check-lake`: what was found of every file of a lake.",
);

const value = z.union([z.number(), z.string(), z.boolean(), z.null()]);

export const query = result(
  "query",
  {
    lake: z.string().describe("The lake's folder."),
    columns: z
      .array(
        z.strictObject({
          name: z.string().describe("Name of the column."),
          type: z.string().describe("Its type, as DuckDB calls it."),
        }),
      )
      .describe("Columns of the answer."),
    rows: z.array(z.array(value)).describe("Its rows, 10,000 at most; empty with `--out`."),
    truncated: z.boolean().describe("Whether it has more rows."),
    out: z.string().nullable().describe("The file that it was written to; null for none."),
    count: part.count.describe("Rows that were written there, or that are in `rows`."),
  },
  "`query`: the answer.",
);
