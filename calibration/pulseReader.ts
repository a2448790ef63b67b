import type { PulseKind } from "../src/chip/amplitudeCurve.ts";
import { rowFates } from "../src/chip/driver.ts";
import type { TurnRecord } from "../src/run/journal.ts";
import { type Microsiemens, microsecondsPerSecond, type Seconds } from "../src/units.ts";
import type { PulsesSeen } from "./pulsesSeen.ts";

/** Brings a reading at an age to the reference age of drift, by the mean law. */
export type Settle = (conductance: Microsiemens, ageSeconds: Seconds) => Microsiemens;

/**
 * The pulses of a tile's turns, each with the next reading of its device. Only whole RESET pulses of the usual width count,
 * and of turns that ordered one kind of pulse alone.
 *
 * A turn says when it fired, not when it looked. A device that is fired at again was looked at about as long after its pulse
 * as all rows take to be pulsed; one that is judged had settled. Before its onset, drift hardly asks.
 *
 * @param offset  added to a device's place.
 * @param seen    what they are added to.
 */
export class PulseReader {
  readonly #pulse: PulseKind;
  readonly #code: Uint16Array;
  readonly #given: Uint16Array;
  readonly #offset: number;
  readonly #settle: Settle;
  /** Of the turn before. */
  #orders = 0;
  readonly #seen: PulsesSeen;

  constructor(pulse: PulseKind, devices: number, offset: number, settle: Settle, seen: PulsesSeen) {
    this.#pulse = pulse;
    this.#seen = seen;
    this.#code = new Uint16Array(devices);
    this.#given = new Uint16Array(devices);
    this.#offset = offset;
    this.#settle = settle;
  }

  take({ devices, conductanceMicrosiemens, orders, fired }: TurnRecord): void {
    const youngAge = spanSeconds(fired.rowTimesMicroseconds);
    this.#forgetUnfired(fired.fates);
    this.#orders = orders.length;
    for (let k = 0; k < devices.length; k++) {
      const again = orders.some(({ codes }) => codes[k] !== 0);
      this.read(devices[k]!, conductanceMicrosiemens[k]!, again ? youngAge : undefined);
    }
    for (const { kind, codes, widthNanoseconds, trailingNanoseconds } of orders) {
      const usual =
        orders.length === 1 &&
        kind === "reset" &&
        (trailingNanoseconds ?? 0) === 0 &&
        widthNanoseconds === this.#pulse.widthNanoseconds;
      for (let k = 0; k < devices.length; k++) {
        if (codes[k] === 0) continue;
        this.#code[devices[k]!] = usual ? codes[k]! : 0;
        this.#given[devices[k]!]!++;
      }
    }
  }

  /** What a device reads after a pulse that it did not feel, or may not have felt, is no answer to it. */
  #forgetUnfired(fates: Uint8Array): void {
    if (this.#orders !== 1 || fates.length === 0) return;
    const perRow = this.#code.length / fates.length;
    fates.forEach((fate, row) => {
      if (fate !== rowFates.notFired && fate !== rowFates.uncertain) return;
      for (let i = row * perRow; i < (row + 1) * perRow; i++) {
        if (this.#code[i] !== 0 && fate === rowFates.notFired) this.#given[i]!--;
        this.#code[i] = 0;
      }
    });
  }

  /** A reading of a device, also one from a sweep; of a device that has settled where no age is given. */
  read(device: number, conductance: Microsiemens, ageSeconds?: Seconds): void {
    const code = this.#code[device]!;
    if (code === 0 || Number.isNaN(conductance)) return;
    this.#code[device] = 0;
    this.#seen.add(
      this.#offset + device,
      code * this.#pulse.microamperesPerCode,
      ageSeconds === undefined ? conductance : this.#settle(conductance, ageSeconds),
      this.#given[device] === 1,
    );
  }
}

function spanSeconds(times: Float64Array): Seconds {
  let [first, last] = [Infinity, -Infinity];
  for (const time of times) {
    if (time < first) first = time;
    if (time > last) last = time;
  }
  return first <= last ? (last - first) / microsecondsPerSecond : 0;
}
