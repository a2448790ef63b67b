import { type Colour, colourAt, diverging, sequential } from "../../report/colourScale.ts";
import { formatDuration } from "../../src/units.ts";
import type { RunState, ShownTile } from "../liveState.ts";
import { colour } from "./charts.ts";
import {
  deviceAt,
  deviceNames,
  type Devices,
  devicesFrom,
  differenceRange,
  drawPanel,
  verdictGroups,
  verdictName,
  type View,
  views,
} from "./heatMap.ts";
import { element } from "./page.ts";

const viewNames: Record<View, string> = {
  read: "Read",
  target: "Target",
  difference: "Read − target",
  verdict: "Verdict",
};

/** The devices of one tile, drawn anew whenever they change. */
export class MapView {
  readonly #choose: (tile: number | undefined) => void;
  #view: View = "read";
  #state: RunState | undefined;
  #chosen: number | undefined;
  #drawn: { readonly run: string; readonly shown: ShownTile; readonly devices: Devices } | undefined;
  #fetching = false;

  /** @param choose  is told which tile is wanted; undefined for the one that is worked on. */
  constructor(choose: (tile: number | undefined) => void) {
    this.#choose = choose;
    element("views").replaceChildren(
      ...views.map((view) =>
        button(viewNames[view], () => {
          this.#view = view;
          this.repaint();
        }),
      ),
    );
  }

  show(state: RunState): void {
    if (this.#state?.run !== state.run) {
      this.#chosen = undefined;
      this.#drawn = undefined;
    }
    this.#state = state;
    this.#showTiles(state);
    void this.#fetch();
  }

  repaint(): void {
    [...element("views").children].forEach((tab, k) =>
      tab.setAttribute("aria-pressed", String(views[k] === this.#view)),
    );
    if (this.#drawn === undefined) return;
    const { shown, devices } = this.#drawn;
    const names = deviceNames(shown.devicesPerCell);
    const panels = element("panels");
    if (panels.children.length !== names.length) {
      panels.replaceChildren(...names.map((name, device) => this.#panel(name, device)));
    }
    const colourOf = memoised((variable) => parseColour(colour(variable)));
    names.forEach((_, device) =>
      drawPanel(
        panels.children[device]!.querySelector("canvas")!,
        shown,
        devices,
        this.#view,
        device,
        colourOf,
      ),
    );
    this.#showScale(shown, devices);
    const age =
      shown.ageSeconds === null
        ? "as last read while it was programmed"
        : `read at an age of ${formatDuration(shown.ageSeconds)}`;
    const rows = `rows ${shown.rowStart} to ${shown.rowStart + shown.rows - 1}`;
    element("map-says").textContent = `Tile ${shown.tile}, ${rows}: a pixel a device, ${age}.`;
  }

  /** One request at a time: what changes meanwhile is fetched with the next. */
  async #fetch(): Promise<void> {
    const state = this.#state;
    const shown = state?.shown;
    if (state === undefined || shown == null || this.#fetching) return;
    const drawn = this.#drawn;
    if (drawn?.run === state.run && drawn.shown.tile === shown.tile && drawn.shown.version === shown.version)
      return;
    this.#fetching = true;
    try {
      const answer = await fetch(`api/runs/${state.run}/tiles/${shown.tile}/devices`);
      if (!answer.ok) return;
      this.#drawn = { run: state.run, shown, devices: devicesFrom(await answer.arrayBuffer()) };
    } catch {
      // The line says that it is lost, and the next state brings this up again.
      return;
    } finally {
      this.#fetching = false;
    }
    this.repaint();
    void this.#fetch();
  }

  #showTiles({ tiles, shown }: RunState): void {
    const place = element("tiles");
    place.hidden = tiles.length < 2;
    if (place.children.length !== tiles.length + 1) {
      const follow = button("newest", () => this.#pick(undefined));
      follow.className = "follow";
      place.replaceChildren(
        ...tiles.map(({ tile }) => {
          const one = button("", () => this.#pick(tile));
          const number = document.createElement("span");
          number.textContent = String(tile);
          one.append(document.createElement("i"), number);
          return one;
        }),
        follow,
      );
    }
    tiles.forEach(({ tile, devices, inPlace, accepted }, k) => {
      const one = place.children[k] as HTMLElement;
      one.querySelector("i")!.style.height = `${(100 * inPlace) / Math.max(1, devices)}%`;
      one.setAttribute("aria-pressed", String(tile === shown?.tile));
      one.title = `tile ${tile}: ${inPlace} of ${devices} devices in place, ${accepted} were accepted`;
      one.setAttribute("aria-label", one.title);
    });
    place.lastElementChild!.setAttribute("aria-pressed", String(this.#chosen === undefined));
  }

  #pick(tile: number | undefined): void {
    this.#chosen = tile;
    this.#choose(tile);
  }

  #panel(name: string, device: number): HTMLElement {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = name;
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Devices ${name} of every cell`);
    canvas.onpointermove = (event) => this.#read(canvas, device, name, event);
    canvas.onpointerdown = canvas.onpointermove;
    canvas.onpointerleave = () => (element("readout").textContent = "");
    figure.append(caption, canvas);
    return figure;
  }

  #read(canvas: HTMLCanvasElement, device: number, name: string, event: PointerEvent): void {
    if (this.#drawn === undefined) return;
    const { shown, devices } = this.#drawn;
    const box = canvas.getBoundingClientRect();
    const column = Math.min(
      canvas.width - 1,
      Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * canvas.width)),
    );
    const row = Math.min(
      canvas.height - 1,
      Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * canvas.height)),
    );
    const i = deviceAt(shown, column, row, device);
    element("readout").textContent =
      `row ${shown.rowStart + row}, column ${column}, ${name}: target ${microsiemens(devices.targets[i]!)}, ` +
      `read ${microsiemens(devices.readings[i]!)}, ${verdictName(devices.verdicts[i]!)}`;
  }

  #showScale(shown: ShownTile, devices: Devices): void {
    const place = element("scale");
    if (this.#view === "verdict") {
      place.replaceChildren(
        ...verdictGroups.map(({ name, colour: variable, holds }) => {
          const key = document.createElement("span");
          const swatch = document.createElement("i");
          swatch.className = "key";
          swatch.style.background = `var(${variable})`;
          const count = devices.verdicts.reduce((n, verdict) => n + (holds(verdict) ? 1 : 0), 0);
          key.append(swatch, `${name}: ${count.toLocaleString("en")}`);
          return key;
        }),
      );
      return;
    }
    const range = this.#view === "difference" ? differenceRange(devices) : shown.maxConductanceMicrosiemens;
    const low = this.#view === "difference" ? `−${range} µS` : "0";
    const bar = document.createElement("canvas");
    bar.width = 128;
    bar.height = 1;
    const context = bar.getContext("2d")!;
    for (let x = 0; x < bar.width; x++) {
      const [r, g, b] = colourAt(this.#view === "difference" ? diverging : sequential, x / (bar.width - 1));
      context.fillStyle = `rgb(${r} ${g} ${b})`;
      context.fillRect(x, 0, 1, 1);
    }
    place.replaceChildren(low, bar, `${this.#view === "difference" ? "+" : ""}${range} µS`);
  }
}

function button(text: string, action: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.onclick = action;
  return made;
}

function microsiemens(value: number): string {
  return Number.isNaN(value) ? "none" : `${value.toFixed(2)} µS`;
}

function parseColour(text: string): Colour {
  const digits = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(text);
  return digits === null
    ? [128, 128, 128]
    : ([1, 2, 3].map((k) => parseInt(digits[k]!, 16)) as unknown as Colour);
}

function memoised(find: (key: string) => Colour): (key: string) => Colour {
  const known = new Map<string, Colour>();
  return (key) => {
    const found = known.get(key) ?? find(key);
    known.set(key, found);
    return found;
  };
}
