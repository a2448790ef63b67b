import { placesOfCodes } from "../chip/codes.ts";
import type { ChipDescription } from "../chip/description.ts";
import { devicesPerRow } from "../chip/geometry.ts";
import type { BlockPulse } from "../program/method.ts";

/** Splits an order into parts whose rows each draw no more than the chip allows; one part where nothing needs splitting. */
export function withinRowCurrent(
  order: BlockPulse,
  { pulses, limits, geometry }: ChipDescription,
): BlockPulse[] {
  const { maxRowMilliamperes } = limits;
  const drawn = pulses.technology.drawnMicroamperesPerCode(pulses);
  if (maxRowMilliamperes === undefined || drawn === undefined) return [order];
  const mostCodes = (maxRowMilliamperes * 1000) / drawn;
  const perRow = devicesPerRow(geometry);
  const { codes, burst } = order;
  const places = placesOfCodes(codes);
  let [row, part, last, sum] = [-1, 0, 0, 0];
  const partOf = places.map((i) => {
    if (Math.floor(i / perRow) !== row) [row, part, sum] = [Math.floor(i / perRow), 0, 0];
    const drawnCode = Math.max(codes[i]!, burst?.code ?? 0);
    if (sum + drawnCode > mostCodes && sum > 0) {
      part++;
      sum = 0;
    }
    sum += drawnCode;
    last = Math.max(last, part);
    return part;
  });
  if (last === 0) return [order];
  const parts = Array.from({ length: last + 1 }, () => new Uint16Array(codes.length));
  for (const [k, i] of places.entries()) parts[partOf[k]!]![i] = codes[i]!;
  return parts.map((one) => ({ ...order, codes: one }));
}
