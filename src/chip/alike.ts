import type { ChipDescription } from "./description.ts";

/** In what two chips differ so that one network cannot be laid over both; undefined where in nothing. Their tiles may be of any number. */
export function differenceOf(a: ChipDescription, b: ChipDescription): string | undefined {
  const [one, other] = [facts(a), facts(b)];
  const name = Object.keys(one).find((key) => one[key] !== other[key]);
  return name === undefined ? undefined : `${name} ${one[name]} and ${other[name]}`;
}

/** All that a plan, a strategy or a fit takes for the same of all devices. */
function facts({
  name,
  geometry,
  maxConductanceMicrosiemens,
  model,
  pulses,
  converter,
}: ChipDescription): Record<string, string> {
  return {
    "are of the technologies": pulses.technology.title,
    "have rows of cells a tile,": String(geometry.rows),
    "have columns of cells a tile,": String(geometry.columns),
    "have devices a cell,": String(geometry.devicesPerCell),
    "have ranges in µS of": String(maxConductanceMicrosiemens),
    "are believed to be of the models": model ?? "of the technology",
    "have converters with steps in µS of": String(converter.microsiemensPerCode),
    "are called": name,
  };
}
