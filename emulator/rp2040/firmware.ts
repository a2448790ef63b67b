import { MhoError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import type { Celsius, Microseconds } from "../../src/units.ts";
import type { BoardHistory, BoardRefusal } from "../board.ts";
import { Firmware } from "../firmware.ts";
import type { Preset } from "../presets.ts";
import { EmulatedFrontEnd } from "./frontEnd.ts";
import { Rp2040Machine } from "./machine.ts";
import type { Uf2Block } from "./uf2.ts";

/** The reference firmware's own machine code, over an emulated array. It speaks every dialect that the firmware speaks. */
export class Rp2040Firmware extends Firmware {
  readonly #image: readonly Uf2Block[];
  readonly #bits: Random;
  #drawn = 0;
  #earlier = 0;
  #machine: Rp2040Machine;
  #frontEnd: EmulatedFrontEnd;
  #heardAt: Microseconds = 0;
  #came: Uint8Array[] = [];
  /** The front end's time when the board beside it was last told. */
  #followed: Microseconds = 0;

  /**
   * @param image  the firmware, and the description of the chip.
   * @param start  what its noise is drawn by, beside the seed: the firmware draws the number of its boot.
   */
  constructor(preset: Preset, seed: number, image: readonly Uf2Block[], start = 1) {
    super(preset, seed);
    this.#image = image;
    this.#bits = new Random(seed).fork(`ring oscillator ${start}`);
    [this.#machine, this.#frontEnd] = this.#started(0);
  }

  /** Instructions since the board was made. */
  get instructions(): number {
    return this.#earlier + this.#machine.instructions;
  }

  override receive(bytes: Uint8Array, linkTime: Microseconds): Uint8Array[] {
    this.#heardAt = linkTime;
    return super.receive(bytes, linkTime);
  }

  /** The firmware has a watchdog of its own: its time goes on while the host is silent for longer than that. */
  override tick(linkTime: Microseconds): void {
    const { watchdogMicroseconds } = this.chip.preset.firmware;
    if (linkTime - this.#heardAt <= watchdogMicroseconds || !this.#frontEnd.isEnabled) return;
    this.#machine.run(watchdogMicroseconds + 1e6);
    this.#follow();
  }

  override fallDumb(): void {
    throw cannot("leaves no request alone");
  }

  override lie(): void {
    throw cannot("does not lie");
  }

  override get inStandby(): boolean {
    return !this.#frontEnd.isEnabled;
  }

  override bake(celsius: Celsius, duration: Microseconds): Microseconds | BoardRefusal {
    const until = super.bake(celsius, duration);
    if (typeof until === "number") {
      this.#frontEnd.aheadMicroseconds += duration;
      this.#followed += duration;
    }
    return until;
  }

  override relive(history: BoardHistory): void {
    super.relive(history);
    this.#followed = history.chipTimeMicroseconds;
    [this.#machine, this.#frontEnd] = this.#started(history.chipTimeMicroseconds);
  }

  protected override take(bytes: Uint8Array): Uint8Array[] {
    this.#machine.host.send(bytes);
    this.#machine.runUntilIdle();
    this.#follow();
    return messagesOf(this.#came.splice(0));
  }

  protected override forget(): void {
    this.#earlier += this.#machine.instructions;
    [this.#machine, this.#frontEnd] = this.#started(this.#frontEnd.chipTime);
  }

  #started(aheadMicroseconds: Microseconds): [Rp2040Machine, EmulatedFrontEnd] {
    const machine = new Rp2040Machine(this.#image, () => this.#bits.at(this.#drawn++, 0).word0 & 1);
    const frontEnd = new EmulatedFrontEnd(machine.mcu, this.board, aheadMicroseconds);
    this.#came = [];
    machine.host.onBytes = (bytes) => void this.#came.push(bytes);
    machine.runUntilIdle();
    return [machine, frontEnd];
  }

  /** What is kept of the board beside it goes with the firmware's time. */
  #follow(): void {
    const { chipTime } = this.#frontEnd;
    this.board.advance(chipTime - this.#followed);
    this.#followed = chipTime;
  }
}

function cannot(why: string): MhoError {
  return new MhoError(
    "bad-argument",
    `The reference firmware ${why}: use the emulated firmware for that fault.`,
  );
}

/** Packets of USB, as the messages that they carry: frames between zeros, or lines. */
function messagesOf(packets: readonly Uint8Array[]): Uint8Array[] {
  const all = new Uint8Array(packets.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const packet of packets) {
    all.set(packet, end);
    end += packet.length;
  }
  const messages: Uint8Array[] = [];
  let start = 0;
  while (start < end) {
    const isFrame = all[start] === 0;
    const last = all.indexOf(isFrame ? 0 : lineFeed, start + 1);
    const stop = last < 0 ? end : last + 1;
    messages.push(all.slice(start, stop));
    start = stop;
  }
  return messages;
}

const lineFeed = 10;
