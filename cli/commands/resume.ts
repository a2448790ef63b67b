import { act } from "../action.ts";
import { benchCommand, real } from "../flags.ts";
import { asJob } from "../jobWords.ts";
import { collected } from "../labelFlags.ts";
import { wholeReader } from "../../src/results/wholeReader.ts";
import { giveShares } from "../tellNetwork.ts";
import { giveResult, tellResult } from "../tellRun.ts";
import { isMeasurement } from "../../src/measure/procedure.ts";
import { tellMeasured } from "../tellFindings.ts";
import { withBench } from "../withBench.ts";

const flagged = () =>
  benchCommand("resume", "goes on with a run after a stop, a crash or a pulled cable", "mho resume r2")
    .argument("<run>", "a run such as r2, or a network over several chips, such as n1")
    .option("--chip <address>", "where the chip is now, if it has moved")
    .option(
      "--spare <address>",
      "of a network: a chip that takes the place of one that fails; may be given several times",
      collected,
    )
    .option(
      "--min-yield <percent>",
      "end with 1 when fewer devices are accepted",
      real("--min-yield", 0, 100),
    )
    .option("--accept-unknown-wear", "go on with a chip that another workspace has pulsed")
    .option("--transcript <file>", "record every byte that passes");

export const resumeJob = asJob(flagged, ([run], { chip, spare: spares, minYield: minYieldPercent }) => ({
  subjects: run,
  options: { chip, spares },
  minYieldPercent,
}));

export const resume = () =>
  flagged().action((run, flags) =>
    act("resume", flags, (output) =>
      withBench(flags, output, { run: "resume" }, async (bench) => {
        const resumed = await bench.resume(run, { chip: flags.chip, spares: flags.spare });
        if (!resumed) output.say(`${run} was done already.`);
        const { method } = await wholeReader(await bench.store()).plan(run);
        if (isMeasurement(method)) {
          const found = await tellMeasured(bench, run, output);
          output.result({ ...(await giveResult(bench, run, undefined, output)), found, shares: null });
          return;
        }
        const tell = resumed ? tellResult : giveResult;
        const went = await tell(bench, run, flags.minYield, output);
        output.result({ ...went, found: null, shares: await giveShares(bench, run, output) });
      }),
    ),
  );
