import { amplitudePerCode, type ChipDescription, highestCode } from "../src/chip/description.ts";
import type { PulseOrder } from "../src/chip/driver.ts";
import { type Block, devicesPerRow } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";

/** Throws `limit-exceeded`, naming the limit, when an order lies outside what the chip may be given. */
export function refuseOutsideLimits(
  description: ChipDescription,
  block: Block,
  order: Pick<PulseOrder, "codes" | "widthNanoseconds">,
): void {
  const { limits, pulses, geometry } = description;
  const { widthNanoseconds } = order;
  if (block.tile >= geometry.tiles || block.rowStart + block.rowCount > geometry.rows) {
    throw refusal(`tile ${block.tile}, rows up to ${block.rowStart + block.rowCount}, is not on the chip`);
  }
  if (widthNanoseconds < limits.minWidthNanoseconds || widthNanoseconds > limits.maxWidthNanoseconds) {
    throw refusal(
      `a width of ${widthNanoseconds} ns is outside ${limits.minWidthNanoseconds} … ${limits.maxWidthNanoseconds} ns`,
    );
  }
  const highest = order.codes.reduce((max, code) => Math.max(max, code), 0);
  if (highest > highestCode(description)) {
    const { amplitudeUnit: unit } = pulses.technology;
    const amplitude = (highest * amplitudePerCode(pulses)).toFixed(2).replace(/\.?0+$/, "");
    throw refusal(`an amplitude of ${amplitude} ${unit} is above ${limits.maxAmplitude} ${unit}`);
  }

  const most = limits.maxRowMilliamperes;
  const perCode = pulses.technology.drawnMicroamperesPerCode(pulses);
  if (most !== undefined && perCode !== undefined) {
    const perRow = devicesPerRow(geometry);
    for (let first = 0; first < order.codes.length; first += perRow) {
      let sum = 0;
      for (let i = first; i < first + perRow; i++) sum += order.codes[i]!;
      const drawn = (sum * perCode) / 1000;
      if (drawn > most + 1e-9)
        throw refusal(`a row would draw ${drawn.toFixed(1)} mA, and ${most} mA are allowed`);
    }
  }

  function refusal(what: string): MhoError {
    return new MhoError(
      "limit-exceeded",
      `Nothing was fired: ${what}, a limit of chip ${description.name}. Change the order, or the chip's description.`,
      { chip: description.name },
    );
  }
}
