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
  const parts: Uint16Array[] = [];
  for (let first = 0; first < codes.length; first += perRow) {
    let part = 0;
    let sum = 0;
    for (let i = first; i < first + perRow; i++) {
      if (codes[i] === 0) continue;
      const drawnCode = Math.max(codes[i]!, burst?.code ?? 0);
      if (sum + drawnCode > mostCodes && sum > 0) {
        part++;
        sum = 0;
      }
      sum += drawnCode;
      (parts[part] ??= new Uint16Array(codes.length))[i] = codes[i]!;
    }
  }
  return parts.length <= 1 ? [order] : parts.map((part) => ({ ...order, codes: part }));
}
