import { NoiseBank } from "../emulator/noise.ts";
import type { PowerLawDefinition } from "../src/model/definition.ts";
import { type DeviceModel, secondsBetweenReads } from "../src/model/deviceModel.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { powerLawOf } from "../src/model/powerLaw.ts";
import type { StrategyLayer } from "../src/optimize/strategy.ts";
import { normalOf, type Random } from "../src/random.ts";
import type { LayerWeights } from "../src/weights/layer.ts";

/**
 * The error of a layer as its strategy file tells it: every weight is held by devices that are drawn by the model's law, each column by its own
 * scale. Reads have the emulator's 1/f noise, which shares nothing with the model's, one after the other.
 *
 * @returns TNMSE at each time and its standard error.
 */
export function sampledLayer(
  definition: PowerLawDefinition,
  layer: StrategyLayer,
  { values, outputs }: LayerWeights,
  timesSeconds: readonly number[],
  reads: number,
  random: Random,
): { tnmse: number[]; standardError: number[] } {
  const exact = modelOf(definition).without("read")!;
  const scale = (column: number): number => {
    const { scaleMicrosiemensPerUnit: scales } = layer;
    return typeof scales === "number" ? scales : scales[column]!;
  };
  const found = timesSeconds.map((time, t) => {
    const noise = noiseOf(definition, exact, time, reads, random.fork(`noise at ${time}`));
    let draws = 0;
    const devices = random.fork(`devices at ${time}`);
    const normal = (): number => normalOf(devices.at(draws++, 0).word0);
    let [sum, squares] = [0, 0];
    values.forEach((w, n) => {
      const beta = scale(n % outputs);
      const clipped = Math.max(
        layer.wantedMicrosiemens[0]!,
        Math.min(layer.wantedMicrosiemens.at(-1)!, beta * w),
      );
      let held = 0;
      layer.significance.forEach((factor, p) => {
        const plus = along(layer.wantedMicrosiemens, layer.plus[p]!, clipped);
        const minus = along(layer.wantedMicrosiemens, layer.minus[p]!, clipped);
        held += factor * noise(plus, exact.sample(plus, time, normal));
        held -= factor * noise(minus, exact.sample(minus, time, normal));
      });
      const error = ((layer.compensation[t]! * held) / beta - w) / layer.weightMax;
      sum += 100 * error * error;
      squares += 1e4 * error * error * error * error;
    });
    const mean = sum / values.length;
    return { mean, error: Math.sqrt(Math.max(0, squares / values.length - mean * mean) / values.length) };
  });
  return { tnmse: found.map(({ mean }) => mean), standardError: found.map(({ error }) => error) };
}

/** Adds to what a device conducts the noise of the mean of its reads; one device after the other. */
function noiseOf(
  definition: PowerLawDefinition,
  exact: DeviceModel,
  time: number,
  reads: number,
  random: Random,
): (target: number, conductance: number) => number {
  const law = powerLawOf(definition);
  const bank = new NoiseBank(1, law.readSeconds);
  const age = time + exact.timeZeroSeconds;
  let device = 0;
  return (target, conductance) => {
    bank.clear(0);
    let sum = 0;
    for (let read = 0; read < reads; read++) {
      const step = bank.step(read === 0 ? age : secondsBetweenReads);
      sum += bank.moveOne(0, device++, step, random);
    }
    return conductance * (1 + (law.readStrength(target) * sum) / reads);
  };
}

function along(x: readonly number[], y: readonly number[], at: number): number {
  let k = 1;
  while (k < x.length - 1 && x[k]! < at) k++;
  const part = x.length < 2 ? 0 : (at - x[k - 1]!) / (x[k]! - x[k - 1]!);
  return x.length < 2 ? y[0]! : y[k - 1]! + part * (y[k]! - y[k - 1]!);
}
