import { join, resolve } from "node:path";
import { figuresCsv } from "../report/csv.ts";
import { renderReport } from "../report/report.ts";
import type { ConductanceMap, Story } from "../report/story.ts";
import type { ChipIdentity } from "../src/chip/driver.ts";
import { formatGeometry } from "../src/chip/geometry.ts";
import type { ContestResult } from "./contest.ts";
import type { DemoNetwork } from "./demoNetwork.ts";
import type { DemoOptions } from "./options.ts";
import { version } from "./version.ts";
import { writeWhole } from "./writeWhole.ts";

export interface ReportInput {
  readonly options: DemoOptions;
  readonly network: DemoNetwork;
  readonly identity: ChipIdentity;
  readonly port: string;
  readonly results: readonly ContestResult[];
}

/** Writes the report and its figures, each whole or not at all, and returns their paths. */
export async function writeReport(input: ReportInput): Promise<{ report: string; figures: string }> {
  const story = tell(input);
  const report = resolve(join(input.options.out, "report.html"));
  const figures = resolve(join(input.options.out, "figures.csv"));
  await writeWhole(report, renderReport(story), advice);
  await writeWhole(figures, figuresCsv(story), advice);
  return { report, figures };
}

const advice = "The runs are safe in the workspace; free some space or name another --out.";

function tell({ options, network, identity, port, results }: ReportInput): Story {
  return {
    network: options.network,
    networkText: network.text,
    chipText: `${identity.name} number ${identity.serialNumber}, ${formatGeometry(identity.geometry)}, at ${port}`,
    writtenAt: new Date().toISOString(),
    softwareVersion: version,
    seed: options.seed,
    images: network.images,
    softwareAccuracy: network.softwareAccuracy,
    contenders: results.map(({ contest, run, overview, points }) => ({
      name: contest.name,
      explanation: contest.explanation,
      run,
      devices: overview.devices,
      pulses: overview.pulses,
      verdicts: Object.fromEntries(
        Object.entries(overview.verdicts).filter(([name, count]) => count > 0 && name !== "left alone"),
      ),
      devicesByPulses: overview.devicesByPulses,
      points: points.map(({ timeSeconds, rmsPercent, accuracy }) => ({ timeSeconds, rmsPercent, accuracy })),
      relativeErrors: points[0]!.relativeErrors,
    })),
    map: mapOf(results.at(-1)!),
  };
}

/** The fullest tile of a contest, as meant and as first read. */
function mapOf({ plan, firstSweeps, laid }: ContestResult): ConductanceMap {
  const place = laid.placements.findIndex(({ block }) => block.rowCount > 1);
  const at = Math.max(0, place);
  const { block, targetsMicrosiemens } = plan.tiles[at]!;
  const sweep = firstSweeps.find(({ tile }) => tile === block.tile)!;
  const placement = laid.placements[at]!;
  return {
    tile: block.tile,
    layer: laid.layers[placement.layer]!.name,
    rows: block.rowCount,
    devicesPerRow: targetsMicrosiemens.length / block.rowCount,
    maxConductanceMicrosiemens: laid.strategies[placement.layer]!.maxConductanceMicrosiemens,
    target: targetsMicrosiemens,
    readBack: sweep.conductanceMicrosiemens,
  };
}
