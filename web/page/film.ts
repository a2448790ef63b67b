import { formatDuration } from "../../src/units.ts";
import type { Frame, ShownTile } from "../liveState.ts";
import { element } from "./page.ts";
import { whenText } from "./words.ts";

/** The sweeps of a tile one after the other: a slider and a button that moves it. */
export class Film {
  readonly #onFrame: () => void;
  #of: { readonly run: string; readonly tile: number } | undefined;
  #frames: readonly Frame[] = [];
  /** Which one is shown; undefined for the devices as they are now. */
  #at: number | undefined;
  #readings: Float32Array | undefined;
  #playing: ReturnType<typeof setTimeout> | undefined;
  readonly #kept = new Map<string, Float32Array>();

  /** @param onFrame  is told that other readings are to be drawn. */
  constructor(onFrame: () => void) {
    this.#onFrame = onFrame;
    const slider = element<HTMLInputElement>("film-at");
    slider.oninput = () => {
      const wanted = Number(slider.value);
      this.#stop();
      void this.#show(wanted);
    };
    element("film-play").onclick = () => {
      if (this.#playing === undefined) void this.#play();
      else this.#stop();
    };
  }

  /** The readings of the sweep that is shown, and its age; undefined for the devices as they are now. */
  get shown(): { readonly readings: Float32Array; readonly frame: Frame } | undefined {
    const frame = this.#at === undefined ? undefined : this.#frames[this.#at];
    return frame === undefined || this.#readings === undefined
      ? undefined
      : { readings: this.#readings, frame };
  }

  /** @param hidden  where what is drawn is no reading. */
  async take(run: string, { tile, frames }: ShownTile, hidden: boolean): Promise<void> {
    if (this.#of?.run !== run || this.#of.tile !== tile) {
      this.#stop();
      this.#of = { run, tile };
      this.#frames = [];
      this.#at = this.#readings = undefined;
      this.#kept.clear();
    }
    element("film").hidden = hidden || frames < 2;
    if (hidden) this.#stop();
    if (frames < 2 || frames === this.#frames.length) return;
    const of = this.#of;
    const answer = await fetch(`api/runs/${run}/tiles/${tile}/frames`).catch(() => undefined);
    if (answer?.ok !== true || this.#of !== of) return;
    this.#frames = (await answer.json()) as readonly Frame[];
    this.#say();
  }

  async #play(): Promise<void> {
    const last = this.#frames.length - 1;
    // From its end it begins anew.
    let next = this.#at === undefined || this.#at >= last ? 0 : this.#at + 1;
    const step = async (): Promise<void> => {
      if (this.#playing === undefined) return;
      if (!(await this.#show(next)) || next >= this.#frames.length - 1) return this.#stop();
      next++;
      this.#playing = setTimeout(() => void step(), aFrame);
    };
    this.#playing = setTimeout(() => void step(), 0);
    this.#say();
  }

  #stop(): void {
    clearTimeout(this.#playing);
    this.#playing = undefined;
    this.#say();
  }

  /** @returns whether it could be had. */
  async #show(at: number): Promise<boolean> {
    const of = this.#of;
    if (of === undefined) return false;
    this.#at = at >= this.#frames.length - 1 ? undefined : at;
    this.#say();
    const readings = this.#at === undefined ? undefined : await this.#read(of, at);
    // Meanwhile the slider may have gone on.
    if (this.#of !== of || (this.#at ?? this.#frames.length - 1) !== at) return false;
    this.#readings = readings;
    this.#onFrame();
    return readings !== undefined || this.#at === undefined;
  }

  async #read({ run, tile }: { run: string; tile: number }, at: number): Promise<Float32Array | undefined> {
    const key = `${run} ${tile} ${at}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const answer = await fetch(`api/runs/${run}/tiles/${tile}/frames/${at}`).catch(() => undefined);
    if (answer?.ok !== true) return undefined;
    const readings = new Float32Array(await answer.arrayBuffer());
    if ((this.#kept.size + 1) * readings.byteLength > mostKeptBytes) this.#kept.clear();
    this.#kept.set(key, readings);
    return readings;
  }

  #say(): void {
    const slider = element<HTMLInputElement>("film-at");
    const count = this.#frames.length;
    const at = this.#at ?? count - 1;
    slider.max = String(Math.max(1, count - 1));
    if (slider.value !== String(at)) slider.value = String(at);
    element("film-play").textContent = this.#playing === undefined ? "Play" : "Stop";
    const frame = this.#frames[at];
    if (frame === undefined) return;
    const when = whenText(frame.takenAt);
    const age = frame.ageSeconds === null ? "" : `at an age of ${formatDuration(frame.ageSeconds)}`;
    const facts = [age, when].filter(Boolean).join(", ");
    const text = `Sweep ${at + 1} of ${count}${facts === "" ? "" : `: ${facts}`}`;
    element("film-says").textContent = text;
    slider.setAttribute("aria-valuetext", text);
  }
}

const aFrame = 500;
const mostKeptBytes = 32e6;
