import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { writeWholeBy } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import { type Answer, mostRows, type QueryOptions, type QueryValue } from "./answer.ts";
import { contentsOfLake } from "./checkLake.ts";
import { textOf, viewNames, viewsOf } from "./views.ts";

type DuckDb = typeof import("@duckdb/node-api");
type Connection = Awaited<ReturnType<Awaited<ReturnType<DuckDb["DuckDBInstance"]["create"]>>["connect"]>>;

/**
 * Asks a lake in SQL. DuckDB reads the lake's files alone, loads no extension, and writes nothing but `out`.
 *
 * @param load  gives DuckDB, which its user installs.
 * @throws `bad-argument` for what is not one SELECT, or where DuckDB is not installed.
 */
export async function query(
  sql: string,
  options: QueryOptions,
  load: () => Promise<DuckDb> = () => import("@duckdb/node-api"),
): Promise<Answer> {
  const { lake, out } = options;
  const format = out === undefined ? undefined : formatOf(out);
  const duckdb = await loaded(load);
  const views = viewsOf(resolve(lake), await contentsOfLake(lake));
  if (out === undefined) return asked(duckdb, views, sql, options, undefined, answerOf);
  return writeWholeBy(out, "Name another --out.", (draft) =>
    asked(duckdb, views, sql, options, draft, async (connection, statement) => {
      const { columns } = await answerOf(connection, `SELECT * FROM (${statement}\n) LIMIT 0`);
      const target = `${textOf(draft)} (${format})`;
      const { rowsChanged } = await connection.run(`COPY (${statement}\n) TO ${target}`);
      return { columns, rows: [], truncated: false, out, count: rowsChanged };
    }),
  );
}

function formatOf(out: string): string {
  if (/\.csv$/i.test(out)) return "FORMAT csv, HEADER";
  if (/\.parquet$/i.test(out)) return "FORMAT parquet";
  throw new MhoError("bad-argument", `--out ${out}: give a name that ends in .csv or .parquet.`, {
    file: out,
  });
}

async function loaded(load: () => Promise<DuckDb>): Promise<DuckDb> {
  try {
    return await load();
  } catch (error) {
    throw new MhoError(
      "bad-argument",
      "mho query asks DuckDB, which does not come with mho. Add it where mho is installed: npm install @duckdb/node-api " +
        "(with -g where mho is installed with -g).",
      { package: "@duckdb/node-api" },
      error,
    );
  }
}

async function asked(
  { DuckDBInstance, StatementType }: DuckDb,
  views: readonly string[],
  sql: string,
  { lake, memoryGigabytes = 2, signal }: QueryOptions,
  draft: string | undefined,
  work: (connection: Connection, statement: string) => Promise<Answer>,
): Promise<Answer> {
  const temporary = await mkdtemp(join(tmpdir(), "mho-query-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const stop = (): void => connection.interrupt();
  signal?.addEventListener("abort", stop);
  try {
    for (const setting of [
      `memory_limit = '${memoryGigabytes}GB'`,
      `temp_directory = ${textOf(temporary)}`,
      // Rows of a lake have no order, and need not be held to keep one.
      "preserve_insertion_order = false",
      "TimeZone = 'UTC'",
      "autoinstall_known_extensions = false",
      "autoload_known_extensions = false",
      "allow_community_extensions = false",
      `allowed_directories = [${textOf(resolve(lake))}]`,
      `allowed_paths = [${draft === undefined ? "" : textOf(draft)}]`,
      "enable_external_access = false",
      "lock_configuration = true",
    ])
      await connection.run(`SET ${setting}`);
    for (const view of views) await connection.run(view);
    const statement = sql.trim().replace(/(\s*;)+$/, "");
    await refuseOthers(connection, statement, [StatementType.SELECT, StatementType.EXPLAIN]);
    return await work(connection, statement);
  } catch (error) {
    if (signal?.aborted === true)
      throw new MhoError("interrupted", "The question was stopped before its answer.", {}, error);
    throw error instanceof MhoError ? error : notAnswered(error);
  } finally {
    signal?.removeEventListener("abort", stop);
    connection.closeSync();
    instance.closeSync();
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Statements that write are no questions: files of a lake stay as they are. */
async function refuseOthers(connection: Connection, sql: string, allowed: readonly number[]): Promise<void> {
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) {
    throw new MhoError(
      "bad-argument",
      `That is ${statements.count === 0 ? "no" : "more than one"} SQL statement. Give one SELECT.`,
    );
  }
  const prepared = await statements.prepare(0);
  const { statementType } = prepared;
  prepared.destroySync();
  if (allowed.includes(statementType)) return;
  throw new MhoError(
    "bad-argument",
    "A lake is only read: give one SELECT. --out writes its answer to a file.",
  );
}

async function answerOf(connection: Connection, statement: string): Promise<Answer> {
  const reader = await connection.streamAndReadUntil(statement, mostRows + 1);
  const types = reader.columnTypes().map(String);
  const columns = reader.deduplicatedColumnNames().map((name, k) => ({ name, type: types[k]! }));
  const all = reader.getRowsJson();
  const rows = all.slice(0, mostRows).map((row) => row.map((value, k) => valueOf(value, types[k]!)));
  return { columns, rows, truncated: all.length > mostRows, out: undefined, count: rows.length };
}

/** DuckDB gives whole numbers of 64 bits and more as texts. */
function valueOf(value: unknown, type: string): QueryValue {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value !== "string") return JSON.stringify(value);
  const number = Number(value);
  if (/^U?(BIG|HUGE)INT$/.test(type)) return Number.isSafeInteger(number) ? number : value;
  return type.startsWith("DECIMAL") ? number : value;
}

/** What DuckDB says, in a sentence: its kind of error, and where its parser was, are left out. */
function notAnswered(error: unknown): MhoError {
  const { message } = error as Error;
  const [first = "", ...rest] = message.split("\n").filter((line) => line.trim() !== "");
  const what = first.replace(/^[\w ]*Error: /, "").replace(/[!.]+$/, "");
  const candidates = rest.find((line) => /^(?:Candidate bindings|Did you mean)/.test(line));
  const hint = candidates === undefined ? "" : ` (${candidates.replace(/[!.]+$/, "")})`;
  const advice = /Out of Memory/i.test(message)
    ? "Give it more with --memory, or group by fewer things."
    : `The views are ${viewNames.join(", ")}; docs/lake.md has their columns.`;
  return new MhoError("bad-argument", `The question has no answer: ${what}${hint}. ${advice}`, {}, error);
}
