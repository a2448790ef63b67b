import { InvalidArgumentError } from "@commander-js/extra-typings";
import type { Answer } from "../../lake/answer.ts";
import { counted } from "../../src/counted.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const query = () =>
  workspaceCommand(
    "query",
    "asks a lake in SQL, by DuckDB; views: chips, runs, sweeps, sweeps_wide, readouts, devices, fits",
    "mho query 'SELECT run, title, yield_percent FROM runs' --lake lake",
    "mho query 'SELECT chip, tile, median(drift_exponent) FROM fits GROUP BY ALL' --lake lake",
  )
    .argument("<sql>", "one SELECT")
    .requiredOption("--lake <dir>", "the lake's folder")
    .option("--out <file>", "write the answer to this .csv or .parquet file")
    .option("--memory <gigabytes>", "memory that DuckDB may use (default: 2)", gigabytes)
    .action((sql, flags) =>
      act("query", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { lake, memory: memoryGigabytes } = flags;
          const answer = await bench.query(sql, { lake, out: flags.out, memoryGigabytes });
          const { columns, rows, truncated, out, count } = answer;
          if (out === undefined) for (const line of tableOf(answer)) output.say(line);
          else output.say(`${counted(count, "row")}: ${out}`);
          if (truncated || rows.length > mostShown)
            output.say(
              `${truncated ? "More" : rows.length - mostShown} rows are not shown. --out FILE.csv writes all of them.`,
            );
          output.result({
            lake,
            columns: [...columns],
            rows: rows.map((row) => [...row]),
            truncated,
            out: out ?? null,
            count,
          });
        }),
      ),
    );

function gigabytes(text: string): number {
  const number = Number(text);
  if (number >= 0.1 && number <= 10_000) return number;
  throw new InvalidArgumentError("Give gigabytes, such as 8.");
}

const mostShown = 200;
const widest = 60;

/** Columns with two blanks between them, numbers to the right. */
function tableOf({ columns, rows }: Answer): string[] {
  const cells = [
    columns.map(({ name }) => name),
    ...rows.slice(0, mostShown).map((row) => row.map((value) => cellOf(value))),
  ];
  const widths = columns.map((_, k) => Math.max(...cells.map((row) => row[k]!.length)));
  const isNumber = columns.map(({ type }) => /INT|FLOAT|DOUBLE|DECIMAL/.test(type));
  return cells.map((row) =>
    row
      .map((cell, k) => (isNumber[k] === true ? cell.padStart(widths[k]!) : cell.padEnd(widths[k]!)))
      .join("  ")
      .trimEnd(),
  );
}

function cellOf(value: Answer["rows"][number][number]): string {
  if (value === null) return "";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : value.toPrecision(6);
  const text = String(value);
  return text.length <= widest ? text : `${text.slice(0, widest - 1)}…`;
}
