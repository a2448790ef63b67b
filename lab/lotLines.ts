import { headlineOf, quantityOf, said, spreadsOf } from "../report/lotTexts.ts";
import type { Lot } from "./lot.ts";

/** A lot in lines: for each quantity what is to be seen, how it spreads, and the chips. */
export function lotLines({ laws, runs }: Lot): string[] {
  if (laws.length === 0) return ["No two chips have devices enough at equal conductances to be compared."];
  const lines = laws.flatMap((law) => {
    const rows = [
      ["run", "chip", "wafer", "devices", "offset", "from the others", "usual", ""],
      ...law.chips.map((chip, k) => [
        runs[k]!.run,
        chip.chip,
        chip.wafer ?? "–",
        String(chip.devices),
        said(law, chip.offset, true),
        said(law, chip.fromOthers, true),
        Number.isNaN(chip.limit) ? "–" : `± ${said(law, chip.limit)}`,
        chip.like === false ? "unlike the others" : "",
      ]),
    ];
    const widths = rows[0]!.map((_, k) => Math.max(...rows.map((row) => row[k]!.length)));
    const table = rows.map((row) =>
      `  ${row.map((cell, k) => cell.padEnd(widths[k]!)).join("  ")}`.trimEnd(),
    );
    const { title } = quantityOf(law);
    return [headlineOf(law), ...table, `  Standard deviations of ${title}: ${spreadsOf(law)}.`, ""];
  });
  return lines.slice(0, -1).map((line) => line.replaceAll("\u202f", " "));
}
