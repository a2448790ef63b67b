import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadNetwork, type TrainedNetwork } from "../lab/trainedNetwork.ts";
import { formatDuration, type Seconds } from "../src/units.ts";
import { type About, type Figure, figuresOf, type Outputs } from "./realMeasures.ts";

/** A network that `bench/real-networks/run` has prepared in a folder. */
export interface Prepared {
  readonly network: TrainedNetwork;
  /** What it gives with its own weights. */
  readonly software: Outputs;
  readonly figures: readonly Figure[];
}

export async function prepared(folder: string): Promise<Prepared> {
  const network = await loadNetwork({
    network: "cnn",
    onnx: join(folder, "net.onnx"),
    inputs: join(folder, "inputs.npz"),
  });
  const software = await network.outputsWith!(network.layers.map(({ values }) => values));
  const about = JSON.parse(readFileSync(join(folder, "about.json"), "utf8")) as About;
  return { network: { ...network, name: folder }, software, figures: figuresOf(about, software) };
}

export interface Row {
  readonly name: string;
  /** One a time. */
  readonly outputs: readonly Outputs[];
}

export function print(figures: readonly Figure[], ages: readonly Seconds[], rows: readonly Row[]): void {
  console.log(line("after the last pulse", ages.map(formatDuration)));
  for (const { name, digits, of } of figures) {
    console.log(`  ${name}`);
    for (const row of rows) {
      console.log(
        line(
          row.name,
          row.outputs.map((outputs) => of(outputs).toFixed(digits)),
        ),
      );
    }
  }
}

export function line(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(27)}${cells.map((cell) => cell.padStart(10)).join("")}`;
}
