import type { Chart, ChartPoint } from "./chart.ts";

/** So many letters of a name have room beside a drawing; its key has names whole. */
export const roomForNames = { desk: 22, phone: 17 } as const;

/** The names that stand at the ends of lines, and where these end; none where a key has them, or of one line alone. */
export function endNames(
  { series, keyed = false }: Pick<Chart, "series" | "keyed">,
  phone: boolean,
): { readonly text: string; readonly colour: number | undefined; readonly end: ChartPoint }[] {
  const named = series.filter(({ unnamed, look }) => !unnamed && look !== "moments" && look !== "steps");
  if (keyed || named.length < 2) return [];
  return named.flatMap(({ name, label = name, colour, points }) => {
    const end = points.findLast(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
    const text = cut(label, phone ? roomForNames.phone : roomForNames.desk);
    return end === undefined ? [] : [{ text, colour, end }];
  });
}

function cut(name: string, most: number): string {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}
