import type { Microamperes, Microsiemens } from "../src/units.ts";

/** RESET pulses, each with what its device was read at next: one entry a pulse in every array, of which the first `count` hold. */
export class PulsesSeen {
  count = 0;
  /** Names the device, over all runs. */
  device = new Uint32Array(1024);
  amplitudeMicroamperes = new Float64Array(1024);
  /** At the reference age of its drift. */
  conductanceMicrosiemens = new Float64Array(1024);
  /** 1 where the amplitude was chosen without knowledge of the device. */
  first = new Uint8Array(1024);

  add(device: number, amplitude: Microamperes, conductance: Microsiemens, first: boolean): void {
    if (this.count === this.device.length) this.#grow();
    this.device[this.count] = device;
    this.amplitudeMicroamperes[this.count] = amplitude;
    this.conductanceMicrosiemens[this.count] = conductance;
    this.first[this.count++] = first ? 1 : 0;
  }

  #grow(): void {
    const { device, amplitudeMicroamperes, conductanceMicrosiemens, first } = this;
    const length = 2 * this.count;
    this.device = new Uint32Array(length);
    this.device.set(device);
    this.amplitudeMicroamperes = new Float64Array(length);
    this.amplitudeMicroamperes.set(amplitudeMicroamperes);
    this.conductanceMicrosiemens = new Float64Array(length);
    this.conductanceMicrosiemens.set(conductanceMicrosiemens);
    this.first = new Uint8Array(length);
    this.first.set(first);
  }
}
