import type { Calibrated } from "../../lab/calibrate.ts";
import { isGroupName } from "../../src/run/groups.ts";
import { formatDuration } from "../../src/units.ts";
import { act } from "../action.ts";
import { benchCommand, whole } from "../flags.ts";
import type { Output } from "../output.ts";
import { withBench } from "../withBench.ts";

export const calibrate = () =>
  benchCommand(
    "calibrate",
    "finds the digital factors of a run's outputs anew, from a few products; fires no pulse",
    "mho calibrate r3",
    "mho calibrate r3 --vectors 64 --out factors.json",
  )
    .argument(
      "<run>",
      "a run made from a strategy, or a trim of it; or a network over several chips, such as n1",
    )
    .option(
      "--vectors <number>",
      "products of each tile, two for each row at most (default: 32)",
      whole("--vectors", 8),
    )
    .option("--out <file>", "write the factors for a back end of your own")
    .option("--chip <address>", "where the chip is now, if it has moved")
    .option("--transcript <file>", "record every byte that passes")
    .action((run, flags) =>
      act("calibrate", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { vectors, out, chip } = flags;
          const found = await bench.calibrate(run, { vectors, out, chip });
          tell(found, output);
          output.result({ ...fieldsOf(found), workspace: (await bench.store()).file });
        }),
      ),
    );

function tell(found: Calibrated, output: Output): void {
  const { run, calibration, why, before, errors, file } = found;
  const { by, count, tiles } = calibration;
  output.say(
    by === "products"
      ? `${run}: measured by ${count} products of each tile.`
      : `${run}: measured by reads of every device, ${count} averaged, because ${why}.`,
  );
  for (const { tile, ageSeconds, compensation, compensations } of tiles.slice(0, mostTiles)) {
    const [least, most] = [Math.min(...compensations), Math.max(...compensations)];
    output.say(
      `  tile ${tile} at ${formatDuration(ageSeconds)}: α ${compensation.toFixed(4)}, by column ${least.toFixed(4)} … ${most.toFixed(4)}`,
    );
  }
  if (tiles.length > mostTiles) output.say(`  and ${tiles.length - mostTiles} tiles more (--json has them)`);
  output.say(
    `${"  on vectors that were held out".padEnd(40)}${"weight error".padStart(14)}${"product error".padStart(15)}`,
  );
  const was = before === undefined ? "before (α = 1)" : `before (calibrated ${before})`;
  const ways = [
    [was, errors.before],
    ["one α a tile", errors.tile],
    ["α a column", errors.column],
    ["α and an offset a column", errors.columnWithOffset],
  ] as const;
  for (const [name, { weightPercent, productPercent }] of ways) {
    output.say(
      `  ${name.padEnd(38)}${`${weightPercent.toFixed(2)} %`.padStart(14)}${`${productPercent.toFixed(2)} %`.padStart(15)}`,
    );
  }
  if (found.scaledBy === "tile")
    output.say(
      "The chip scales its outputs by the tile (outputs_scaled_by): the factors kept are those of tiles.",
    );
  output.say(`The factors are kept with ${isGroupName(run) ? "each run" : "the run"}. No pulse was fired.`);
  if (file !== undefined) output.say(`Factors: ${file}`);
}

const mostTiles = 8;

function fieldsOf({ run, calibration, why, scaledBy, before, errors, file }: Calibrated) {
  const of = ({ weightPercent, productPercent }: Calibrated["errors"]["tile"]) => ({
    weight_rms_percent: weightPercent,
    product_rms_percent: productPercent,
  });
  return {
    run,
    measured_by: calibration.by,
    why_reads: why ?? null,
    scaled_by: scaledBy,
    count: calibration.count,
    calibrated_before: before ?? null,
    errors: {
      before: of(errors.before),
      tile: of(errors.tile),
      column: of(errors.column),
      column_with_offset: of(errors.columnWithOffset),
    },
    tiles: calibration.tiles.map((found) => ({
      tile: found.tile,
      age_seconds: found.ageSeconds,
      compensation: found.compensation,
      compensation_by_column: found.compensations,
      offset_microsiemens_by_column: found.offsetsMicrosiemens,
    })),
    file: file ?? null,
  };
}
