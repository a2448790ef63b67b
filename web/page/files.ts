import type { RunState } from "../liveState.ts";
import { element, withText } from "./page.ts";

let shown = "";

/** Links to what the library makes of a run when it is asked for: its report, and tables of it. */
export function showFiles({ run, measures, turns, sweeps }: RunState): void {
  const now = [run, measures, turns > 0, sweeps > 0].join();
  if (now === shown) return;
  shown = now;
  const one = (path: string): string => `api/runs/${run}/${path}`;
  element<HTMLAnchorElement>("report").href = one("report");
  element<HTMLAnchorElement>("figures").href = one("figures");
  const lines = linksToTables(run, { measures, turns, sweeps });
  element("tables").replaceChildren(...lines);
  element("exports").hidden = lines.length === 0;
}

/** A line of links for each table that there is of a run or a network. */
export function linksToTables(
  run: string,
  { measures, turns, sweeps }: Pick<RunState, "measures" | "turns" | "sweeps">,
): HTMLElement[] {
  const tables: readonly (readonly [string, boolean, string, readonly string[]])[] = [
    ["Sweeps", sweeps > 0, "sweeps", ["csv", "parquet", "npz", "hdf5", "mat"]],
    ["Turns, pulse by pulse", turns > 0, "turns", ["csv", "parquet"]],
    ["Findings", measures && turns > 0, "findings", ["csv", "parquet"]],
  ];
  return tables.flatMap(([name, there, of, formats]) => {
    if (!there) return [];
    const line = withText("p", `${name}: `);
    formats.forEach((format, k) => {
      const link = withText("a", format);
      link.href = `api/runs/${run}/export?to=${format}&of=${of}`;
      link.setAttribute("aria-label", `${name} as ${format}`);
      line.append(k === 0 ? "" : " · ", link);
    });
    return [line];
  });
}
