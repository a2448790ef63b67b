import { type Colour, colourAt } from "../../report/colourScale.ts";
import { say } from "./terms.ts";

/** A bar of a scale's colours. @param labels  below it, from its beginning to its end. */
export function scaleBar(scale: readonly Colour[], labels: readonly string[]): HTMLElement {
  const bar = document.createElement("canvas");
  bar.width = 128;
  bar.height = 1;
  const context = bar.getContext("2d")!;
  for (let x = 0; x < bar.width; x++) {
    const [r, g, b] = colourAt(scale, x / (bar.width - 1));
    context.fillStyle = `rgb(${r} ${g} ${b})`;
    context.fillRect(x, 0, 1, 1);
  }
  const below = document.createElement("div");
  below.append(
    ...labels.map((text) => {
      const label = document.createElement("span");
      label.textContent = text;
      return label;
    }),
  );
  const made = document.createElement("div");
  made.className = "bar";
  made.append(bar, below);
  return made;
}

/** @param colour  of the map, or `none` for the hatch. */
export function keyOf(colour: Colour | "none", text: string): HTMLElement {
  const key = document.createElement("span");
  const swatch = document.createElement("i");
  swatch.className = colour === "none" ? "key none" : "key";
  if (colour !== "none") swatch.style.background = `rgb(${colour.join(" ")})`;
  const said = document.createElement("span");
  say(said, text);
  key.append(swatch, said);
  return key;
}

/** The first and the last number of an axis, and its name between them. */
export function ends(axis: "rows" | "columns", name: string, first: number, last: number): HTMLElement {
  const made = document.createElement("span");
  made.className = axis;
  for (const [tag, text] of [
    ["b", first],
    ["i", name],
    ["b", last],
  ] as const) {
    const part = document.createElement(tag);
    part.textContent = String(text);
    made.append(part);
  }
  return made;
}
