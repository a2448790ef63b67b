import { BasePeripheral, RP2040 } from "rp2040js";
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
    const clock = this.#clock;
    const end = this.instructions + mostInstructions;
    while (this.instructions < end) {
      this.#work(end - this.instructions);
      if (this.host.isSent && this.#listens && clock.nanosToNextAlarm > underWayNanoseconds) return;
      clock.tick(clock.nanosToNextAlarm);
    }
    throw new Error("The firmware did not come to rest.");
  }

  /** Lets time pass, as it does on a desk. */
  run(duration: Microseconds): void {
    const clock = this.#clock;
    const end = clock.nanosCounter + 1000 * duration;
    while (clock.nanosCounter < end) {
      this.#work(instructionsAtOnce);
      if (this.mcu.core.waiting) clock.tick(Math.min(clock.nanosToNextAlarm, end - clock.nanosCounter));
    }
  }

  /** Carries out instructions until the processor sleeps, so many at most. */
  #work(most: number): void {
    const { core } = this.mcu;
    const clock = this.#clock;
    let done = 0;
    for (; done < most && !core.waiting; done++) {
      const passed = core.executeInstruction() * nanosecondsPerCycle;
      const next = clock.nextAlarm;
      if (next === null || next.nanos > clock.nanosCounter + passed) clock.nanosCounter += passed;
      else clock.tick(passed);
    }
    this.instructions += done;
  }

  get #clock(): SteppedClock {
    return this.mcu.clock as unknown as SteppedClock;
  }

  /** Whether USB would wake it: it waits for its host, and not for a time within an order. */
  get #listens(): boolean {
    return (this.mcu.core.enabledInterrupts & usbInterrupt) !== 0;
  }
}

/** The clock of rp2040js, with what it keeps to itself: asking it after each instruction whether an alarm is due takes a third of the time. */
interface SteppedClock {
  nanosCounter: number;
  readonly nextAlarm: { readonly nanos: number } | null;
  readonly nanosToNextAlarm: number;
  tick(nanoseconds: number): void;
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
const mostInstructions = 4e9;
const instructionsAtOnce = 1000;

const silent = { debug() {}, info() {}, warn() {}, error() {} };
