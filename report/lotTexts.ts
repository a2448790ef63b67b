import type { LotLaw, PlacedChip } from "../src/results/lot.ts";
import { lotQuantities } from "../src/results/lotSums.ts";
import { counted } from "../src/counted.ts";

/** A lot in words, for the page and for a terminal. */

type Law = Pick<LotLaw, "quantity" | "deviceStd" | "tileStd" | "chipStd" | "waferStd" | "chips">;

/** What is said of a chip beside the others. */
export function sentenceOfChip(law: Law, { like, fromOthers, limit }: PlacedChip, name: string): string {
  const off = said(law, fromOthers, true);
  if (like === undefined) return `${name} lies ${off} from the others; too few chips to tell what is usual.`;
  return like
    ? `${name} is like the others: ${off} from their mean, and ± ${said(law, limit)} is usual.`
    : `${name} is unlike the others: ${off} from their mean, and ± ${said(law, limit)} is usual.`;
}

/** How a lot spreads: `0.0201 between devices, 0.0010 between tiles of a chip, 0.0031 between chips`. */
export function spreadsOf(law: Law): string {
  const parts = [
    [law.deviceStd, "devices of a tile"],
    [law.tileStd, "tiles of a chip"],
    [law.chipStd, law.waferStd === undefined ? "chips" : "chips of a wafer"],
    [law.waferStd, "wafers"],
  ] as const;
  return parts
    .filter(([std]) => std !== undefined)
    .map(([std, between]) => `${said(law, std!)} between ${between}`)
    .join(", ");
}

/** The one sentence of a quantity. */
export function headlineOf(law: Law): string {
  const unlike = law.chips.filter(({ like }) => like === false);
  const known = law.chips.filter(({ like }) => like !== undefined);
  const { title } = quantityOf(law);
  const what = capital(title);
  if (known.length === 0)
    return `${what}: with fewer than four chips it cannot be told which is unlike the others.`;
  if (unlike.length === 0) return `${what}: all ${counted(known.length, "chip")} are alike.`;
  const names = unlike.map(({ chip }) => chip).join(", ");
  return `${what}: ${unlike.length} of ${counted(known.length, "chip")} ${unlike.length === 1 ? "is" : "are"} unlike the others: ${names}.`;
}

export function said(of: Pick<LotLaw, "quantity">, value: number, signed = false): string {
  const { unit } = quantityOf(of);
  return `${bare(of, value, signed)}${unit === "" || Number.isNaN(value) ? "" : `\u202f${unit}`}`;
}

/** The same without its unit, for a table that has it in its head. */
export function bare(of: Pick<LotLaw, "quantity">, value: number, signed = false): string {
  if (Number.isNaN(value)) return "–";
  const text = value.toFixed(quantityOf(of).digits).replace("-", "−");
  return `${signed && value > 0 ? "+" : ""}${text}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function quantityOf({ quantity }: Pick<LotLaw, "quantity">): (typeof lotQuantities)[number] {
  return lotQuantities.find(({ name }) => name === quantity)!;
}

/** How it is found. */
export const lotMethod =
  "A straight line of ln G by ln age goes through the reads of each accepted device. Chips are compared at equal conductances: the mean of " +
  "each bin counts every chip alike, and a chip’s offset is the weighted mean of how far its devices lie from it. The spreads between tiles, " +
  "chips and wafers are what is left of the offsets’ when chance among devices is taken out (DerSimonian and Laird). A chip is unlike the " +
  "others where it lies further from their mean than a chip like them would in 95 of 100 lots, all chips together (Student’s t).";
