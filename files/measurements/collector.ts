import type { MeasuredReads, Measurements } from "../../src/imported/measurements.ts";
import { badFile } from "../readFile.ts";

/** One row of a table, read. */
export interface ReadRow {
  readonly line: number;
  readonly device: string;
  /** µs since the device's write, or by the tester's clock; see `since`. */
  readonly timeMicroseconds: number;
  readonly nominalMicroseconds: number;
  /** µS; NaN where it is missing. */
  readonly microsiemens: number;
  readonly averages: number;
  readonly celsius: number;
  /** Of the device, NaN where the row does not say. */
  readonly writtenMicrosiemens: number;
  readonly lowMicrosiemens: number;
  readonly highMicrosiemens: number;
  readonly bakeCelsius: number;
}

/** What devices are said to be, row after row. */
const facts = ["writtenMicrosiemens", "lowMicrosiemens", "highMicrosiemens", "bakeCelsius"] as const;
const factNames = {
  writtenMicrosiemens: "what the device conducted after its write, in µS",
  lowMicrosiemens: "its target, in µS",
  highMicrosiemens: "its target, in µS",
  bakeCelsius: "its bake temperature, in °C",
} as const;

interface Device {
  readonly name: string;
  readonly facts: Record<(typeof facts)[number], number>;
  /** Where each of these was said. */
  readonly saidAt: Record<(typeof facts)[number], string>;
  firstMicroseconds: number;
}

/** Takes in rows of all files, and says in the end what was measured. All throws `bad-file` with the line. */
export class Collector {
  readonly #sinceFirstRead: boolean;
  readonly #places = new Map<string, number>();
  readonly #devices: Device[] = [];
  #count = 0;
  readonly #columns = {
    devices: new Uint32Array(1024),
    times: new Float64Array(1024),
    nominal: new Float64Array(1024),
    microsiemens: new Float64Array(1024),
    averages: new Uint16Array(1024),
    celsius: new Float64Array(1024),
    lines: new Uint32Array(1024),
    files: new Uint16Array(1024),
  };
  readonly #files: string[] = [];

  /** @param sinceFirstRead  whether a device's time counts from its first read. */
  constructor(sinceFirstRead: boolean) {
    this.#sinceFirstRead = sinceFirstRead;
  }

  get reads(): number {
    return this.#count;
  }

  begin(path: string): void {
    this.#files.push(path);
  }

  add(row: ReadRow): void {
    const path = this.#files.at(-1)!;
    let place = this.#places.get(row.device);
    if (place === undefined) {
      place = this.#devices.length;
      this.#places.set(row.device, place);
      this.#devices.push(unknownDevice(row.device));
    }
    const device = this.#devices[place]!;
    for (const fact of facts) {
      const value = row[fact];
      if (Number.isNaN(value)) continue;
      this.#say(device, fact, value, path, row.line);
    }
    if (row.timeMicroseconds < device.firstMicroseconds) device.firstMicroseconds = row.timeMicroseconds;
    if (this.#count === this.#columns.devices.length) this.#grow();
    const at = this.#count++;
    this.#columns.devices[at] = place;
    this.#columns.times[at] = row.timeMicroseconds;
    this.#columns.nominal[at] = row.nominalMicroseconds;
    this.#columns.microsiemens[at] = row.microsiemens;
    this.#columns.averages[at] = row.averages;
    this.#columns.celsius[at] = row.celsius;
    this.#columns.lines[at] = row.line;
    this.#columns.files[at] = this.#files.length - 1;
  }

  /** Reads at time 0 are what was written; all others follow the write. */
  finish(): Measurements {
    const { devices, times, nominal, microsiemens, averages, celsius } = this.#columns;
    const kept: number[] = [];
    for (let i = 0; i < this.#count; i++) {
      const device = this.#devices[devices[i]!]!;
      if (this.#sinceFirstRead) times[i]! -= device.firstMicroseconds;
      if (times[i]! > 0) {
        kept.push(i);
        continue;
      }
      const [path, line] = this.#whereOf(i);
      if (times[i]! < 0) {
        throw badFile(
          path,
          `line ${line} has a read of the device ${device.name} ${-times[i]! / 1e6} s before its write`,
          "Leave such rows out (rows), or correct the times.",
        );
      }
      const g = microsiemens[i]!;
      if (!Number.isNaN(g)) this.#say(device, "writtenMicrosiemens", g, path, line);
    }
    const reads: MeasuredReads = {
      devices: Uint32Array.from(kept, (i) => devices[i]!),
      agesMicroseconds: Float64Array.from(kept, (i) => times[i]!),
      nominalMicroseconds: Float64Array.from(kept, (i) => nominal[i]!),
      conductanceMicrosiemens: Float32Array.from(kept, (i) => microsiemens[i]!),
      averages: Uint16Array.from(kept, (i) => averages[i]!),
      celsius: Float64Array.from(kept, (i) => celsius[i]!),
    };
    return { devices: this.#devices.map(({ name, facts: known }) => ({ name, ...known })), reads };
  }

  #whereOf(read: number): [path: string, line: number] {
    return [this.#files[this.#columns.files[read]!]!, this.#columns.lines[read]!];
  }

  /** A device is one thing in all of its rows. */
  #say(device: Device, fact: (typeof facts)[number], value: number, path: string, line: number): void {
    const before = device.facts[fact];
    if (Number.isNaN(before)) {
      device.facts[fact] = value;
      device.saidAt[fact] = `line ${line} of ${path}`;
      return;
    }
    // What is kept of it is a 32-bit float: the last digits of 1/R and of G may differ.
    if (Math.fround(before) === Math.fround(value)) return;
    throw badFile(
      path,
      `line ${line} says that ${factNames[fact]}, of the device ${device.name}, is ${value}, and ${device.saidAt[fact]} says ${before}`,
      "If it was written more than once, let another column (device.columns) tell its writes apart.",
    );
  }

  #grow(): void {
    const { devices, times, nominal, microsiemens, averages, celsius, lines, files } = this.#columns;
    const length = 2 * this.#count;
    const grown = <T extends { set(from: T): void }>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.#columns.devices = grown(new Uint32Array(length), devices);
    this.#columns.times = grown(new Float64Array(length), times);
    this.#columns.nominal = grown(new Float64Array(length), nominal);
    this.#columns.microsiemens = grown(new Float64Array(length), microsiemens);
    this.#columns.averages = grown(new Uint16Array(length), averages);
    this.#columns.celsius = grown(new Float64Array(length), celsius);
    this.#columns.lines = grown(new Uint32Array(length), lines);
    this.#columns.files = grown(new Uint16Array(length), files);
  }
}

function unknownDevice(name: string): Device {
  return {
    name,
    facts: {
      writtenMicrosiemens: Number.NaN,
      lowMicrosiemens: Number.NaN,
      highMicrosiemens: Number.NaN,
      bakeCelsius: Number.NaN,
    },
    saidAt: { writtenMicrosiemens: "", lowMicrosiemens: "", highMicrosiemens: "", bakeCelsius: "" },
    firstMicroseconds: Infinity,
  };
}
