/** An amplitude with its unit, such as 310 of `uA`; a bare number is in the unit of the chip's technology. */
export interface Amplitude {
  readonly value: number;
  /** V or A with a prefix n, u, m, or none; empty for a bare number. */
  readonly unit: string;
}

const scales: Readonly<Record<string, number>> = { n: 1e-9, u: 1e-6, m: 1e-3, "": 1 };

/** Reads `310uA`, `1.9 V`, `1900mV` or `310`. @returns undefined for a text that is no amplitude. */
export function parseAmplitude(text: string): Amplitude | undefined {
  const match = /^(\d+(?:\.\d*)?(?:e[+-]?\d+)?)\s*([nuµμm]?[AV])?$/.exec(text.trim());
  return match === null
    ? undefined
    : { value: Number(match[1]), unit: (match[2] ?? "").replace(/^[µμ]/u, "u") };
}

/**
 * The value of an amplitude in another unit.
 *
 * @param unit  as technologies name theirs, such as µA.
 * @returns     undefined where one is a voltage and the other a current.
 */
export function amplitudeIn({ value, unit: given }: Amplitude, unit: string): number | undefined {
  if (given === "") return value;
  const meant = unit.replace(/^[µμ]/u, "u");
  if (given.at(-1) !== meant.at(-1)) return undefined;
  // The ratio of two powers of ten is exact only when it is rounded.
  const ratio = scales[given.slice(0, -1)]! / scales[meant.slice(0, -1)]!;
  return ratio >= 1 ? value * Math.round(ratio) : value / Math.round(1 / ratio);
}
