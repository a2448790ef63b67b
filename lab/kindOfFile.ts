import { z } from "zod";
import { readJson } from "../files/json.ts";

const anyFile = z.looseObject({
  format: z.enum(["mho-strategy", "mho-model"], {
    error: "this is neither an mho-strategy nor an mho-model",
  }),
});

/** What a file says it is. Throws `bad-file`. */
export async function kindOfFile(path: string): Promise<"mho-strategy" | "mho-model"> {
  return (await readJson(path, anyFile, "file")).format;
}
