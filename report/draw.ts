import { seriesColours } from "./colours.ts";
import { type EChartsCoreOption, init } from "./echarts.ts";

/** Room for a drawing, in pixels. `phone` says that it is the drawing for a narrow screen. */
export interface Room {
  readonly width: number;
  readonly height: number;
  readonly phone: boolean;
}

/**
 * Draws twice, for a desk and for a phone, so that letters keep their size; the page's style shows one of them.
 *
 * @param name   makes the identifiers inside the drawing the page's only ones, and the same every time.
 * @param alt    what the picture is, for those who cannot see it; text, not HTML.
 */
export function drawing(
  name: string,
  alt: string,
  desk: { width: number; height: number },
  option: (room: Room) => EChartsCoreOption,
): string {
  const roomy = drawn(`${name}-desk`, alt, { ...desk, phone: false }, option);
  const narrow = drawn(`${name}-phone`, alt, { width: 360, height: 250, phone: true }, option);
  return `<div class="desk">${roomy}</div><div class="phone">${narrow}</div>`;
}

/** Colours that stand for the page's own: a drawing must follow light and dark. */
export const ink = "#010203";
export const soft = "#010204";
export const rule = "#010205";

/** Stands for the page's colour of a series. */
export function seriesColour(place: number): string {
  return `#01021${place % seriesColours}`;
}

/** What all axes share. */
export const axis = {
  type: "value",
  axisLine: { show: false, onZero: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: rule } },
  axisLabel: { color: soft, fontSize: 12 },
  nameTextStyle: { color: soft, fontSize: 12 },
  nameLocation: "middle",
  nameGap: 30,
} as const;

function drawn(name: string, alt: string, room: Room, option: (room: Room) => EChartsCoreOption): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: room.width, height: room.height });
  chart.setOption({ animation: false, textStyle: { fontFamily: "inherit", color: ink }, ...option(room) });
  const svg = chart.renderToSVGString();
  chart.dispose();
  const label = alt.replace(/[&<>"']/g, " ");
  return tidied(svg, name).replace("<svg ", `<svg role="img" aria-label="${label}" `);
}

/** Gives a drawing the page's own colours, and takes out what only a script or a counter needs. */
function tidied(svg: string, name: string): string {
  return svg
    .replace(/<style[^>]*>.*?<\/style>/gs, "")
    .replace(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, "")
    .replace(/zr\d+-c(\d+)/g, `${name}-$1`)
    .replaceAll(ink, "var(--ink)")
    .replaceAll(soft, "var(--soft)")
    .replaceAll(rule, "var(--line)")
    .replace(/#01021(\d)/g, "var(--series-$1)");
}
