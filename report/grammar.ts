import type { ChartSeries } from "./chart.ts";

/**
 * How series are told apart without colour, in the report and on the live page alike. The place of a series gives its colour, its
 * dash and its marker; a thin dashed line is what a model expects.
 */
export interface Strokes {
  /** Pixels drawn and left out in turn; none is a full line. */
  readonly dash: readonly number[];
  readonly marker: Marker | undefined;
  readonly width: number;
}

export const markers = ["circle", "triangle", "rect", "diamond", "emptyCircle", "emptyRect"] as const;
export type Marker = (typeof markers)[number];

const dashes: readonly (readonly number[])[] = [
  [],
  [8, 4],
  [2, 3],
  [11, 3, 2, 3],
  [4, 2],
  [14, 3, 2, 3, 2, 3],
];
const ofModel: readonly number[] = [5, 4];
/** Of a reference that belongs to no series, such as what was believed before. */
const ofReference: readonly number[] = [1.5, 3];

export function strokesOf({ look, colour }: Pick<ChartSeries, "look" | "colour">): Strokes {
  const place = colour ?? 0;
  const marker = markers[place % markers.length]!;
  if (look === "law")
    return { dash: colour === undefined ? ofReference : ofModel, marker: undefined, width: 1.5 };
  if (look === "moments") return { dash: ofReference, marker: undefined, width: 1.5 };
  if (look === "course") return { dash: [], marker, width: 2 };
  if (look === "dots") return { dash: [], marker, width: 0 };
  return { dash: dashes[place % dashes.length]!, marker: undefined, width: 2 };
}

/** A series as it looks in a drawing: a stroke with its dash and marker, for keys and tables. HTML. */
export function sample(series: Pick<ChartSeries, "look" | "colour">): string {
  const { dash, marker, width } = strokesOf(series);
  const paint = series.colour === undefined ? "var(--soft)" : `var(--series-${series.colour})`;
  const upright = series.look === "moments";
  const line =
    width === 0
      ? `<path d="M15 1V11" stroke="${paint}" stroke-width="1.5"/>`
      : `<path d="${upright ? "M15 0V12" : "M1 6H29"}" stroke="${paint}" stroke-width="${width}"` +
        `${dash.length === 0 ? "" : ` stroke-dasharray="${dash.join(" ")}"`}/>`;
  const dot = marker === undefined ? "" : shape(marker, paint);
  return `<svg class="sample" viewBox="0 0 30 12" width="30" height="12" fill="none" aria-hidden="true">${line}${dot}</svg>`;
}

function shape(marker: Marker, paint: string): string {
  const path: Readonly<Record<Marker, string>> = {
    circle: "M11.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z",
    emptyCircle: "M11.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z",
    rect: "M11.8 2.8h6.4v6.4h-6.4z",
    emptyRect: "M11.8 2.8h6.4v6.4h-6.4z",
    triangle: "M15 2L19 9.5H11z",
    diamond: "M15 1.5L19 6L15 10.5L11 6z",
  };
  const empty = marker.startsWith("empty");
  return `<path d="${path[marker]}" fill="${empty ? "var(--paper)" : paint}" stroke="${paint}" stroke-width="${empty ? 1.5 : 0}"/>`;
}
