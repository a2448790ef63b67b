import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { readJson } from "../../files/json.ts";
import { writeWhole } from "../../files/writeWhole.ts";
import { MhoError } from "../../src/errors.ts";

/** By which a server knows a workspace again. */
export interface BenchName {
  readonly bench: string;
  /** Of this folder, whatever it is called. */
  readonly workspace: string;
}

const schema = z.strictObject({
  format: z.literal("mho-bench"),
  version: z.literal(1),
  bench: z.string().min(1),
  workspace: z.uuid(),
});

/**
 * The name that a workspace goes by at a server. It is kept in the workspace when it is first used: its jobs and runs are under it there.
 *
 * @param given  this machine's name where none is given and none is kept.
 * @throws `bad-argument` for another name than before.
 */
export async function benchName(folder: string, given: string | undefined): Promise<BenchName> {
  const file = join(folder, "queue", "bench.json");
  if (existsSync(file)) {
    const { bench, workspace } = await readJson(file, schema, "bench");
    if (given === undefined || given === bench) return { bench, workspace };
    throw new MhoError(
      "bad-argument",
      `The workspace ${folder} is the bench ${bench} of its server, and has jobs and runs by that name. Leave --bench ${given} away, or name another --workspace.`,
      { bench },
    );
  }
  const bench = given ?? hostname();
  if (!/^[A-Za-z][\w.-]{0,62}$/.test(bench))
    throw new MhoError(
      "bad-argument",
      `--bench ${bench}: the name of a bench has at most 63 letters, digits and _ . -, and begins with a letter.`,
    );
  const workspace = randomUUID();
  mkdirSync(join(folder, "queue"), { recursive: true });
  const text = `${JSON.stringify({ format: "mho-bench", version: 1, bench, workspace }, null, 2)}\n`;
  await writeWhole(file, text, "Free some space, or name another --workspace.");
  return { bench, workspace };
}
