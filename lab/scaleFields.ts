import { spanOf, type StrategyLayer } from "../src/optimize/strategy.ts";

/** β of the column that counts most, and of the one that counts least. */
export function scalesForMachines({ scaleMicrosiemensPerUnit }: StrategyLayer) {
  const [least, most] = spanOf(scaleMicrosiemensPerUnit);
  return { scale_microsiemens_per_unit: least, largest_scale_microsiemens_per_unit: most };
}
