import { comparedRunFields, comparisonLines, differenceFields, oneRunASide } from "../../lab/compareTexts.ts";
import { formatDuration } from "../../src/units.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const compare = () =>
  workspaceCommand(
    "compare",
    "compares runs with the first of them, in a table and on one page",
    "mho compare r1 r2",
    "mho compare r1 r4 --age 1d --out methods.html",
  )
    .argument("<run...>", "two runs or more, such as r1 r2, or networks over several chips, such as n1 n2")
    .option("--age <age>", "the age to compare errors at (default: the last that all have in common)")
    .option("--out <file>", "the page", "compare.html")
    .action((given, flags) =>
      act("compare", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { age, out } = flags;
          const found = await bench.compare(given, { age, out });
          const { runs, ageSeconds, differences, report, figures } = found;
          for (const line of comparisonLines(found)) output.say(line);
          output.say(
            ageSeconds === undefined
              ? "There is no age at which all of them were read as a whole, so errors are not compared."
              : `Errors are root mean squares of one read at an age of ${formatDuration(ageSeconds)}; intervals are of 95 %, over devices.`,
          );
          output.say(oneRunASide);
          output.say(`Report: ${report}`);
          output.say(`Its numbers: ${figures}`);
          output.result({
            runs: runs.map(comparedRunFields),
            age_seconds: ageSeconds ?? null,
            differences: differences.map(differenceFields),
            report: report!,
            figures: figures!,
            workspace: (await bench.store()).file,
          });
        }),
      ),
    );
