import { deviceNames, hatchedFor, verdictColours } from "../../report/mapNames.ts";
import { diverging, sequential } from "../../report/colourScale.ts";
import { verdicts } from "../../src/program/method.ts";
import { formatDuration } from "../../src/units.ts";
import type { RunState, ShownTile } from "../liveState.ts";
import {
  devicesFrom,
  differenceRange,
  drawPanel,
  verdictName,
  verdictsOf,
  type View,
  views,
} from "./heatMap.ts";
import { Film } from "./film.ts";
import { type Devices, gridOf } from "../shownDevices.ts";
import { button, element } from "./page.ts";
import { ends, keyOf, scaleBar } from "./scale.ts";
import { say } from "./terms.ts";

const viewNames: Record<View, string> = {
  read: "Read",
  target: "Target",
  difference: "Read − target",
  verdict: "Verdict",
};

/** Of runs with targets alone: measurements have none. */
const ofTargets: ReadonlySet<View> = new Set(["target", "difference"]);

/** The devices of one tile, drawn anew whenever they change. */
export class MapView {
  readonly #choose: (tile: number | undefined) => void;
  #view: View = "read";
  #state: RunState | undefined;
  #chosen: number | undefined;
  #drawn: { readonly run: string; readonly shown: ShownTile; readonly devices: Devices } | undefined;
  #fetching = false;
  readonly #film = new Film(() => this.repaint());

  /** @param choose  is told which tile is wanted; undefined for the one that is worked on. */
  constructor(choose: (tile: number | undefined) => void) {
    this.#choose = choose;
    element("views").replaceChildren(
      ...views.map((view) =>
        button(viewNames[view], () => {
          this.#view = view;
          this.repaint();
          this.#showFilm();
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
    if (state.measures && ofTargets.has(this.#view)) this.#view = "read";
    [...element("views").children].forEach((tab, k) => {
      (tab as HTMLElement).hidden = state.measures && ofTargets.has(views[k]!);
    });
    this.#showTiles(state);
    this.#showFilm();
    void this.#fetch();
  }

  /** What was meant, and what was judged, no sweep changes. */
  #showFilm(): void {
    const { run, shown = null } = this.#state ?? {};
    const hidden = this.#view === "target" || this.#view === "verdict";
    if (run !== undefined && shown !== null) void this.#film.take(run, shown, hidden);
  }

  repaint(): void {
    [...element("views").children].forEach((tab, k) =>
      tab.setAttribute("aria-pressed", String(views[k] === this.#view)),
    );
    if (this.#drawn === undefined) return;
    const { shown, devices } = this.#drawn;
    const film = this.#film.shown;
    const range = this.#view === "difference" ? differenceRange(devices) : 1;
    const drawn = film === undefined ? devices : { ...devices, readings: film.readings };
    const names = deviceNames(shown.devicesPerCell);
    const panels = element("panels");
    // Of other devices, or of other rows, the panels are others.
    const made = [names.join(), shown.rowStart, shown.rows, shown.devicesPerRow, shown.inOrder].join();
    if (panels.dataset["made"] !== made) {
      panels.dataset["made"] = made;
      panels.classList.toggle("alone", names.length === 1);
      panels.replaceChildren(...names.map((name, device) => this.#panel(name, device, shown)));
    }
    names.forEach((_, device) =>
      drawPanel(panels.children[device]!.querySelector("canvas")!, shown, drawn, {
        view: this.#view,
        device,
        range,
      }),
    );
    this.#showScale(shown, drawn, range);
    const ageSeconds = film === undefined ? shown.ageSeconds : film.frame.ageSeconds;
    const age =
      ageSeconds === null
        ? `${film === undefined ? "as last read" : "read"} while it was ${this.#measures ? "measured" : "programmed"}`
        : `read at an age of ${formatDuration(ageSeconds)}`;
    const rows =
      shown.rows === 1
        ? `row ${shown.rowStart}`
        : `rows ${shown.rowStart} to ${shown.rowStart + shown.rows - 1}`;
    say(
      element("map-says"),
      shown.inOrder
        ? `A pixel a device, ${age}. Imported devices have no place on a chip: they stand in the order of their tables.`
        : `Tile ${shown.tile}, ${rows}: a pixel a device, ${age}.`,
    );
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

  get #measures(): boolean {
    return this.#state?.measures === true;
  }

  /** A measurement accepts no device: it is done with it. */
  #named(verdict: number): string {
    return this.#measures && verdict === verdicts.accepted ? "measured" : verdictName(verdict);
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
      one.title = `tile ${tile}: ${inPlace} of ${devices} devices ${this.#state?.doneWord ?? "in place"}${this.#measures ? "" : `, ${accepted} were accepted`}`;
      one.setAttribute("aria-label", one.title);
    });
    place.lastElementChild!.setAttribute("aria-pressed", String(this.#chosen === undefined));
  }

  #pick(tile: number | undefined): void {
    this.#chosen = tile;
    this.#choose(tile);
  }

  #panel(name: string, device: number, shown: ShownTile): HTMLElement {
    const figure = document.createElement("figure");
    figure.className = "map";
    const caption = document.createElement("figcaption");
    caption.textContent = name;
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Devices ${name} of every cell, row by row`);
    canvas.onpointermove = (event) => this.#read(canvas, device, name, event);
    canvas.onpointerdown = canvas.onpointermove;
    canvas.onpointerleave = () => (element("readout").textContent = "");
    const around = document.createElement("div");
    if (shown.inOrder) around.append(canvas);
    else {
      const columns = Math.floor(shown.devicesPerRow / shown.devicesPerCell);
      around.className = "axes";
      around.append(
        ends("rows", "row", shown.rowStart, shown.rowStart + shown.rows - 1),
        canvas,
        ends("columns", "column", 0, columns - 1),
      );
    }
    figure.append(caption, around);
    return figure;
  }

  #read(canvas: HTMLCanvasElement, device: number, name: string, event: PointerEvent): void {
    if (this.#drawn === undefined) return;
    const { shown, devices } = this.#drawn;
    const readings = this.#film.shown?.readings ?? devices.readings;
    const { columns, cells } = gridOf(shown, devices);
    const box = canvas.getBoundingClientRect();
    const place = (at: number, from: number, size: number, count: number): number =>
      Math.min(count - 1, Math.max(0, Math.floor(((at - from) / size) * count)));
    const column = place(event.clientX, box.left, box.width, canvas.width);
    const row = place(event.clientY, box.top, box.height, canvas.height);
    const cell = row * columns + column;
    const i = cell * shown.devicesPerCell + device;
    const where = shown.inOrder
      ? `device ${cell + 1}`
      : `row ${shown.rowStart + row}, column ${column}, ${name}`;
    element("readout").textContent =
      cell >= cells
        ? ""
        : `${where}: ${this.#measures ? "" : `target ${microsiemens(devices.targets[i]!)}, `}` +
          `read ${microsiemens(readings[i]!)}, ${this.#named(devices.verdicts[i]!)}`;
  }

  #showScale(shown: ShownTile, devices: Devices, difference: number): void {
    const place = element("scale");
    const reads = this.#view === "read" || this.#view === "difference";
    const hatched = hatchedFor(devices.targets, {
      ...(reads && { readings: devices.readings }),
      measures: this.#measures,
    });
    const empty = hatched === "" ? [] : [keyOf("none", hatched)];
    if (this.#view === "verdict") {
      const keys = verdictsOf(shown, devices).map(({ verdict, devices: count }) =>
        keyOf(verdictColours[verdict]!, `${this.#named(verdict)}: ${count.toLocaleString("en")}`),
      );
      place.replaceChildren(...keys, ...empty);
      return;
    }
    const range = this.#view === "difference" ? difference : shown.maxConductanceMicrosiemens;
    const labels = this.#view === "difference" ? [`−${range} µS`, "0", `+${range} µS`] : ["0", `${range} µS`];
    const scale = scaleBar(this.#view === "difference" ? diverging : sequential, labels);
    place.replaceChildren(scale, ...empty);
  }
}

function microsiemens(value: number): string {
  return Number.isNaN(value) ? "none" : `${value.toFixed(2)} µS`;
}
