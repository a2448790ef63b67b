import { amplitudePerCode, type ChipDescription, highestCode } from "../src/chip/description.ts";

/** A limit below what the description itself says of the chip's pulses. */
export interface NarrowLimit {
  /** Keys of what lies outside. */
  readonly keys: readonly string[];
  /** A sentence without its end: both keys, both values. */
  readonly text: string;
}

/**
 * Limits with which the pulses and the reads that a description names would be refused: values that fit each by itself and not together.
 * None of a description that no file and no board gave.
 */
export function narrowLimits(description: ChipDescription): NarrowLimit[] {
  const { limits, pulses, converter, document } = description;
  const {
    minWidthNanoseconds: least,
    maxWidthNanoseconds: most,
    maxTrailingNanoseconds,
    maxReadVolts,
  } = limits;
  const found: NarrowLimit[] = [];
  if (least > most) {
    const text = `limits.min_width_nanoseconds is ${least}, above limits.max_width_nanoseconds ${most}: no pulse can be given; correct one of them`;
    found.push({ keys: ["limits", "min_width_nanoseconds"], text });
  }
  const { amplitudeUnit: unit } = pulses.technology;
  const file = JSON.parse(document?.text ?? "{}") as { readonly limits?: object };
  const ofAmplitude = Object.keys(file.limits ?? {}).find((key) => key.startsWith("max_amplitude_"));
  const maxAmplitude = `limits.${ofAmplitude ?? "max_amplitude"}`;
  for (const [keys, value] of numbersIn(file)) {
    const name = keys.join(".");
    const key = keys.at(-1)!;
    const outside = (limit: string): void =>
      void found.push({
        keys,
        text: `${name} is ${value}, outside ${limit}: such pulses are refused; correct the pulse or the limits`,
      });
    if (key === "width_nanoseconds" && !(value >= least && value <= most))
      outside(`limits ${least} … ${most} ns (limits.min_width_nanoseconds, limits.max_width_nanoseconds)`);
    if (key === "trailing_nanoseconds" && value > maxTrailingNanoseconds)
      outside(`limits 0 … ${maxTrailingNanoseconds} ns (limits.max_trailing_nanoseconds)`);
    if (amplitudes.test(key) && value > limits.maxAmplitude * (1 + 1e-9))
      outside(`limits 0 … ${limits.maxAmplitude} ${unit} (${maxAmplitude})`);
  }
  if (highestCode(description) < 1) {
    const text = `The smallest amplitude, ${amplitudePerCode(pulses)} ${unit}, is above the limit of ${limits.maxAmplitude} ${unit} (${maxAmplitude}): correct the amplitude per code or the limit`;
    found.push({ keys: ["limits"], text });
  }
  const { readVolts } = converter;
  if (maxReadVolts !== undefined && readVolts !== undefined && readVolts > maxReadVolts) {
    const text = `converter.read_volts is ${readVolts}, above limits.max_read_volts ${maxReadVolts}: no device may be read; correct one of them`;
    found.push({ keys: ["converter", "read_volts"], text });
  }
  return found;
}

/** Keys of the one amplitude of a pulse, or of the lowest of a staircase: one may end at a limit that was narrowed. */
const amplitudes = /^(amplitude_[a-z]+|from_volts)$/;

/** Amplitudes of pulses, by their keys, that a description names above what its codes reach. */
export function beyondCodes({ document }: ChipDescription, reach: number): [string, number][] {
  const named = numbersIn(JSON.parse(document?.text ?? "{}"));
  return named
    .filter(
      ([keys, value]) =>
        /^(amplitude_[a-z]+|(from|to)_volts)$/.test(keys.at(-1)!) && value > reach * (1 + 1e-9),
    )
    .map(([keys, value]) => [keys.join("."), value]);
}

/** Numbers by their keys, wherever they stand beside the limits. */
function numbersIn(tree: unknown, keys: readonly string[] = []): [readonly string[], number][] {
  if (typeof tree === "number") return [[keys, tree]];
  if (typeof tree !== "object" || tree === null || Array.isArray(tree)) return [];
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) =>
    keys.length === 0 && key === "limits" ? [] : numbersIn(value, [...keys, key]),
  );
}
