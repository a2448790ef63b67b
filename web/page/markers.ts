import type { Marker } from "../../report/grammar.ts";

/** A marker of the report's, about a place. @param size  half of its width, pixels. @param paper  what fills an empty one. */
export function drawMarker(
  context: CanvasRenderingContext2D,
  marker: Marker,
  x: number,
  y: number,
  size: number,
  paper: string,
): void {
  context.beginPath();
  if (marker === "circle" || marker === "emptyCircle") context.arc(x, y, size, 0, 2 * Math.PI);
  else {
    const [first, ...rest] = corners[marker];
    context.moveTo(x + size * first![0], y + size * first![1]);
    for (const [dx, dy] of rest) context.lineTo(x + size * dx, y + size * dy);
    context.closePath();
  }
  if (!marker.startsWith("empty")) return context.fill();
  const ink = context.fillStyle;
  context.fillStyle = paper;
  context.fill();
  context.fillStyle = ink;
  context.stroke();
}

type Corners = readonly (readonly [number, number])[];

const square: Corners = [
  [-0.9, -0.9],
  [0.9, -0.9],
  [0.9, 0.9],
  [-0.9, 0.9],
];
const corners: Readonly<Record<Exclude<Marker, "circle" | "emptyCircle">, Corners>> = {
  rect: square,
  emptyRect: square,
  triangle: [
    [0, -1.15],
    [1.1, 0.9],
    [-1.1, 0.9],
  ],
  diamond: [
    [0, -1.3],
    [1.15, 0],
    [0, 1.3],
    [-1.15, 0],
  ],
};
