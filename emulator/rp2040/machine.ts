import { BasePeripheral, RP2040 } from "rp2040js";
import { assert } from "../../src/errors.ts";
import type { Microseconds } from "../../src/units.ts";
import type { Uf2Block } from "./uf2.ts";
import { UsbHost } from "./usbHost.ts";

/**
 * An RP2040 that carries out a firmware's machine code, instruction by instruction, with a host at its USB cable. Its time goes by its
 * own cycles and by nothing else: while it sleeps and nothing is under way, it stands still.
 */
export class Rp2040Machine {
  readonly mcu = new RP2040();
  readonly host: UsbHost;
  /** Instructions that were carried out. */
  instructions = 0;

  /** @param randomBit  noise of its ring oscillator. */
  constructor(image: readonly Uf2Block[], randomBit: () => number) {
    const { mcu } = this;
    mcu.logger = silent;
    for (const { address, bytes } of image) mcu.flash.set(bytes, address - flashStart);
    mcu.peripherals[ringOscillator] = new RingOscillator(mcu, randomBit);
    // There is no boot ROM: what it does, and the second stage after it, is to set these and to jump.
    mcu.core.VTOR = vectorTable;
    mcu.core.SP = mcu.readUint32(vectorTable);
    mcu.core.PC = mcu.readUint32(vectorTable + 4) & ~1;
    this.host = new UsbHost(mcu);
  }

  /** Goes on until the firmware waits for its host: all that was sent is taken, and nothing is on its way back. */
  runUntilIdle(): void {
    const { core, clock } = this.mcu;
    for (let left = mostSteps; left > 0; left--) {
      if (!core.waiting) {
        this.#step();
        continue;
      }
      const next = (clock as unknown as { readonly nanosToNextAlarm: number }).nanosToNextAlarm;
      if (this.host.isSent && this.#listens && next > underWayNanoseconds) return;
      this.#skip(next);
    }
    throw new Error("The firmware did not come to rest.");
  }

  /** Lets time pass, as it does on a desk. */
  run(duration: Microseconds): void {
    const { core, clock } = this.mcu;
    const end = clock.nanos + 1000 * duration;
    while (clock.nanos < end) {
      if (!core.waiting) this.#step();
      else {
        const next = (clock as unknown as { readonly nanosToNextAlarm: number }).nanosToNextAlarm;
        this.#skip(Math.min(next, end - clock.nanos));
      }
    }
  }

  #step(): void {
    this.instructions++;
    const cycles = this.mcu.core.executeInstruction();
    this.#tick(cycles * nanosecondsPerCycle);
  }

  #skip(nanoseconds: number): void {
    assert(nanoseconds > 0 || this.mcu.core.waiting, "a firmware that sleeps is woken by an alarm");
    this.#tick(nanoseconds);
  }

  #tick(nanoseconds: number): void {
    (this.mcu.clock as unknown as { tick(nanoseconds: number): void }).tick(nanoseconds);
  }

  /** Whether USB would wake it: it waits for its host, and not for a time within an order. */
  get #listens(): boolean {
    return (this.mcu.core.enabledInterrupts & usbInterrupt) !== 0;
  }
}

/** Only its random bit is of interest. */
class RingOscillator extends BasePeripheral {
  readonly #randomBit: () => number;

  constructor(mcu: RP2040, randomBit: () => number) {
    super(mcu, "ROSC");
    this.#randomBit = randomBit;
  }

  override readUint32(offset: number): number {
    return offset === randomBitRegister ? this.#randomBit() : 0;
  }

  override writeUint32(): void {}
}

const ringOscillator = 0x40060;
const randomBitRegister = 0x1c;
const flashStart = 0x1000_0000;
/** After the second stage of the boot loader. */
const vectorTable = 0x1000_0100;
const usbInterrupt = 1 << 5;
const nanosecondsPerCycle = 8;
/** A packet of USB is on its way for a hundredth of it; the firmware's own alarm is further away, as a rule. */
const underWayNanoseconds = 1e6;
/** About a minute of the processor's time: nothing that a host asks for takes as long. */
const mostSteps = 4e9;

const silent = { debug() {}, info() {}, warn() {}, error() {} };
