import { colourAt, sequential } from "../../report/colourScale.ts";
import { formatDuration } from "../../src/units.ts";
import type { ChipLine } from "../fleetState.ts";
import { type Wafer, wafersOf } from "../waferPlaces.ts";
import { moveOnArrows } from "./arrows.ts";
import { button, element, withText } from "./page.ts";
import { fillTable, runLink } from "./records.ts";
import { ends, keyOf, scaleBar } from "./scale.ts";
import { say } from "./terms.ts";

interface Figure {
  readonly name: string;
  /** What it is, for the sentence above the map. */
  readonly what: string;
  readonly of: (chip: ChipLine) => number | null;
  readonly text: (value: number) => string;
}

const figures: readonly Figure[] = [
  {
    name: "Yield",
    what: "yield of its newest run that is no trim",
    of: ({ yieldPercent }) => yieldPercent,
    text: (value) => `${value.toFixed(1)} %`,
  },
  {
    name: "Error",
    what: "weight error when it was read last, in percent of the largest weight",
    of: ({ errorPercent }) => errorPercent,
    text: (value) => `${value.toFixed(2)} %`,
  },
  {
    name: "ν",
    what: "mean drift exponent of the devices of its newest run that tells it",
    of: ({ exponent }) => exponent,
    text: (value) => value.toFixed(3),
  },
  {
    name: "Wear",
    what: "pulses of all its runs, in the mean of its devices",
    of: ({ pulsesPerDevice }) => pulsesPerDevice,
    text: (value) =>
      `${value < 10 ? value.toPrecision(2) : Math.round(value).toLocaleString("en")} pulses a device`,
  },
];

/** Chips where they were cut from their wafers, coloured by one of their figures. */
export class WaferView {
  #wafers: readonly Wafer[] = [];
  #figure = figures[0]!;
  #chosen: string | undefined;
  /** The chip that was chosen: what is known of it stays while others are pointed at. */
  #picked: string | undefined;
  #range = { low: 0, high: 1 };

  constructor() {
    element<HTMLSelectElement>("wafer").onchange = () => {
      this.#chosen = element<HTMLSelectElement>("wafer").value;
      this.#picked = undefined;
      this.#draw();
    };
    element("wafer-figures").replaceChildren(
      ...figures.map((figure) =>
        button(figure.name, () => {
          this.#figure = figure;
          this.#draw();
        }),
      ),
    );
    moveOnArrows(element("wafer-map"));
    element("wafer-map").onpointerleave = () => this.#tell(this.#picked);
  }

  show(chips: readonly ChipLine[]): void {
    this.#wafers = wafersOf(chips);
    element("wafers").hidden = chips.length === 0;
    if (chips.length === 0)
      say(
        element("wafers-says"),
        "No chip is known yet. A chip is known when it has identified itself at a bench, or a run of it was handed on.",
      );
    else this.#draw();
  }

  #draw(): void {
    const names = this.#wafers.map(({ name }) => name ?? noWafer);
    if (this.#chosen === undefined || !names.includes(this.#chosen)) this.#chosen = names[0]!;
    const wafer = this.#wafers[names.indexOf(this.#chosen)]!;
    const select = element<HTMLSelectElement>("wafer");
    const options = this.#wafers.map(
      ({ name, placed, unplaced }) => `${name ?? "none noted"} (${placed.length + unplaced.length})`,
    );
    if (select.dataset["made"] !== options.join("\n")) {
      select.dataset["made"] = options.join("\n");
      select.replaceChildren(
        ...options.map((text, k) => {
          const option = withText("option", text);
          option.value = names[k]!;
          return option;
        }),
      );
    }
    select.value = this.#chosen;
    [...element("wafer-figures").children].forEach((tab, k) =>
      tab.setAttribute("aria-pressed", String(figures[k] === this.#figure)),
    );
    // Over all wafers, so that one can be held against another.
    const all = this.#wafers.flatMap(chipsIn).map(this.#figure.of);
    const known = all.filter((value) => value !== null);
    this.#range = { low: Math.min(...known), high: Math.max(...known) };
    say(element("wafers-says"), this.#says(wafer));
    this.#drawDies(wafer);
    this.#drawScale(wafer, known.length > 0);
    this.#drawTable(wafer);
    this.#tell(this.#picked);
  }

  #says({ name, placed, unplaced }: Wafer): string {
    const what = `A square a chip, coloured by the ${this.#figure.what}.`;
    const how = "mho note CHIP --wafer W7 --die 3,4 notes where it was cut from";
    if (name === null)
      return `${what} Of these no wafer is noted, so they stand in the order of their names: ${how}.`;
    if (unplaced.length === 0) return what;
    if (placed.length === 0)
      return `${what} Their dies are not noted as two numbers, so they stand in the order of their names: ${how}.`;
    return `${what} Below the map stand those whose die is not noted as two numbers: ${how}.`;
  }

  #drawDies({ name, placed, unplaced }: Wafer): void {
    const focused = document.activeElement?.closest<HTMLElement>("#wafer-map [data-chip]")?.dataset["chip"];
    const parts: Node[] = [];
    if (placed.length > 0) {
      const [xs, ys] = [placed.map(({ x }) => x), placed.map(({ y }) => y)];
      const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
      const grid = document.createElement("div");
      grid.className = "dies";
      grid.style.gridTemplateColumns = `repeat(${right - left + 1}, minmax(0, 1fr))`;
      grid.style.maxWidth = `${(right - left + 1) * widestDie}rem`;
      grid.append(
        ...placed.map(({ x, y, chips }) => {
          const die = this.#die(chips[0]!, chips.length - 1);
          die.style.gridColumn = String(x - left + 1);
          die.style.gridRow = String(y - top + 1);
          return die;
        }),
      );
      const around = document.createElement("div");
      around.className = "axes";
      const wide = `${(right - left + 1) * widestDie}rem`;
      const columns = ends("columns", "die x", left, right);
      columns.style.maxWidth = wide;
      around.append(ends("rows", "die y", top, bottom), grid, columns);
      const map = document.createElement("figure");
      map.className = "map";
      map.append(around);
      parts.push(map);
    }
    if (unplaced.length > 0) {
      const row = document.createElement("div");
      row.className = "dies in-order";
      row.append(...unplaced.map((chip) => this.#die(chip, 0)));
      parts.push(row);
    }
    const place = element("wafer-map");
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", name === null ? "Chips without a wafer" : `Chips of wafer ${name}`);
    place.replaceChildren(...parts);
    const dies = [...place.querySelectorAll<HTMLElement>("[data-chip]")];
    const current = dies.find((die) => die.dataset["chip"] === (focused ?? this.#picked)) ?? dies[0];
    for (const die of dies) die.tabIndex = die === current ? 0 : -1;
    if (focused !== undefined && current?.dataset["chip"] === focused) current.focus();
  }

  /** @param others  how many more chips are noted at the same place. */
  #die(chip: ChipLine, others: number): HTMLButtonElement {
    const pick = (): void => {
      this.#picked = chip.chip;
      this.#tell(chip.chip);
    };
    const made = button("", pick);
    const value = this.#figure.of(chip);
    made.className = value === null ? "die none" : "die";
    made.dataset["chip"] = chip.chip;
    if (value !== null) {
      const { low, high } = this.#range;
      const [red, green, blue] = colourAt(sequential, high > low ? (value - low) / (high - low) : 0.5);
      made.style.background = `rgb(${red} ${green} ${blue})`;
    }
    if (chip.isOutOfForecast) made.classList.add("out");
    const more = others === 0 ? "" : `, and ${others} more there`;
    made.setAttribute("aria-label", `${this.#words(chip)}${more}`);
    made.onpointerenter = () => this.#tell(chip.chip);
    made.onfocus = pick;
    return made;
  }

  #words(chip: ChipLine): string {
    const { wafer, die, bench, isOutOfForecast } = chip;
    const known = figures.flatMap(({ name, of, text }) => {
      const value = of(chip);
      if (value === null) return [];
      const { errorAgeSeconds: age } = chip;
      const at = name === "Error" && age !== null ? ` at ${formatDuration(age)}` : "";
      return [`${name === "ν" ? name : name.toLowerCase()} ${text(value)}${at}`];
    });
    const parts = [
      [wafer, die === null ? null : `die ${die}`].filter(Boolean).join(", "),
      bench === null ? "at no bench" : `at ${bench}`,
      ...(known.length === 0 ? ["not judged yet"] : known),
      ...(isOutOfForecast ? ["out of its forecast"] : []),
    ];
    return `${chip.chip}: ${parts.filter(Boolean).join(", ")}`;
  }

  /** What is known of a chip, with a link to its newest run. */
  #tell(name: string | undefined): void {
    const chip = this.#wafers.flatMap(chipsIn).find((one) => one.chip === name);
    for (const die of element("wafer-map").querySelectorAll<HTMLElement>("[data-chip]"))
      die.setAttribute("aria-pressed", String(die.dataset["chip"] === this.#picked));
    const place = element("wafer-readout");
    if (chip === undefined)
      return say(
        place,
        "Point at a chip, press it, or move to it with the arrow keys: what is known of it stands here.",
      );
    const text = document.createElement("span");
    say(text, `${this.#words(chip)}. `);
    place.replaceChildren(text);
    if (chip.run === null) return;
    const there = chip.madeAt === null ? "" : ` (${chip.madeAt.run} of bench ${chip.madeAt.bench})`;
    place.append("Newest run ", runLink(chip.run), there);
  }

  #drawScale(wafer: Wafer, isKnown: boolean): void {
    const chips = chipsIn(wafer);
    const parts: Node[] = [];
    const { low, high } = this.#range;
    const { text } = this.#figure;
    if (isKnown) parts.push(scaleBar(sequential, low === high ? [text(low)] : [text(low), text(high)]));
    if (chips.some((chip) => this.#figure.of(chip) === null)) parts.push(keyOf("none", "not known yet"));
    if (chips.some(({ isOutOfForecast }) => isOutOfForecast)) {
      const key = document.createElement("span");
      const said = withText("span", "");
      say(said, "out of its forecast");
      key.append(withText("i", ""), said);
      key.firstElementChild!.className = "key out";
      parts.push(key);
    }
    element("wafer-scale").replaceChildren(...parts);
  }

  #drawTable(wafer: Wafer): void {
    const chips = chipsIn(wafer);
    fillTable(
      element("wafer-table"),
      ["chip", "die", "bench", "newest run", ...figures.map(({ name }) => name), "forecast"],
      chips.slice(0, mostRows).map((chip) => ({
        cells: [
          chip.chip,
          chip.die ?? "–",
          chip.bench ?? "–",
          runLink(chip.run),
          ...figures.map(({ of, text }) => {
            const value = of(chip);
            return value === null ? "–" : text(value);
          }),
          chip.isOutOfForecast ? "failed" : "–",
        ],
      })),
    );
  }
}

/** An address of a wafer that no wafer can have: names have no line's end. */
const noWafer = "\n";
/** Rem: a few dies fill no page. */
const widestDie = 2.4;
const mostRows = 500;

function chipsIn({ placed, unplaced }: Wafer): readonly ChipLine[] {
  return [...placed.flatMap(({ chips }) => chips), ...unplaced];
}
