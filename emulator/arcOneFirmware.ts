import { isJob, type JobName, mostLines, parametersOf, streaming } from "../protocols/arcOne/jobs.ts";
import { acknowledged, encodeFloats, encodeVersion, endOfStream } from "../protocols/arcOne/replies.ts";
import { TokenReader } from "../protocols/arcOne/tokens.ts";
import { noCode } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import type { Microseconds } from "../src/units.ts";
import {
  type ArcOneArray,
  chronoAmperometry,
  convergeToState,
  curveTracer,
  endurance,
} from "./arcOneJobs.ts";
import { formFinder, multiBias, switchSeeker } from "./arcOneJobs.ts";
import { Firmware } from "./firmware.ts";
import type { Preset } from "./presets.ts";

/**
 * A board that speaks the language of the ArC ONE: protocols/arcOne/README.md. What it was not told it waits for, as the real one: a
 * token that is lost shifts all later ones, and is never answered. Of what cannot be known of the closed firmware this keeps to the
 * careful side: a reset that comes in the middle of a job's parameters is taken for one of them.
 */
export class ArcOneFirmware extends Firmware {
  /** Tokens that come closer together are lost, as libarc1 says of the real board; 0 for a board that keeps up. */
  tokenGapMicroseconds: Microseconds = 0;
  #reader = new TokenReader();
  #job: JobName | undefined;
  #parameters: number[] = [];
  #cycles = 30;
  #readVolts = 0.5;
  #selected: readonly [word: number, bit: number] = [1, 1];
  #replies: Uint8Array[] = [];
  #now: Microseconds = 0;
  #tokenAt: Microseconds = -Infinity;

  constructor(preset: Preset, seed: number) {
    super(preset, seed);
    const { tiles, rows, columns, devicesPerCell } = preset.geometry;
    if (tiles === 1 && rows <= mostLines && columns * devicesPerCell <= mostLines) return;
    throw new MhoError(
      "bad-argument",
      `An ArC ONE has ${mostLines} × ${mostLines} devices at most, and ${preset.name} has more. Use arc-one-32, or another dialect.`,
    );
  }

  override receive(bytes: Uint8Array, linkTime: Microseconds): Uint8Array[] {
    this.#now = linkTime;
    return super.receive(bytes, linkTime);
  }

  protected override take(bytes: Uint8Array): Uint8Array[] {
    this.#reader.push(bytes, (token) => {
      const early = this.#now - this.#tokenAt < this.tokenGapMicroseconds;
      this.#tokenAt = this.#now;
      if (!early) this.#token(token);
    });
    if (bytes.length > 0) this.board.charge(bytes.length);
    const replies = this.#replies.splice(0);
    this.board.charge(replies.reduce((sum, { length }) => sum + length, 0));
    return replies;
  }

  protected override forget(): void {
    this.#reader = new TokenReader();
    this.#job = undefined;
    this.#parameters = [];
  }

  #token(token: string | undefined): void {
    if (this.#job === undefined) {
      // A word that is no job does nothing, and is not answered.
      if (token === undefined || !isJob(token)) return;
      this.#job = token;
      this.#parameters = [];
    } else this.#parameters.push(token === undefined ? Number.NaN : Number(token));
    const job = this.#job;
    const left = this.#parameters.length - headLength(job, this.#parameters);
    if (left < 0) return;
    const devices = deviceCount(job, this.#parameters);
    if (devices === undefined) {
      this.#job = undefined;
      this.#carryOut(job, this.#parameters);
      return;
    }
    // Each device is done as soon as it is named.
    if (left > 0 && left % 2 === 0) this.#doDevice(job, this.#parameters);
    if (left >= 2 * devices) this.#job = undefined;
  }

  #carryOut(job: JobName, given: readonly number[]): void {
    const { board } = this;
    const [first = 0, second = 0, third = 0, fourth = 0] = given;
    switch (job) {
      case "00":
        this.restart();
        return;
      case "0":
        this.#cycles = first;
        this.#readVolts = given[6]!;
        board.armed = true;
        return this.#reply(acknowledged);
      case "01":
        this.#readVolts = second;
        return;
      case "011":
        this.#cycles = first;
        return;
      case "02":
        this.#selected = [first, second];
        return;
      case "1":
        return this.#say(this.#array(first, second).read());
      case "2":
        for (let word = 1; word <= Math.min(second, mostLines); word++)
          for (let bit = 1; bit <= Math.min(third, mostLines); bit++)
            this.#say(this.#array(word, bit).read());
        return;
      case "3": {
        const device = this.#array(first, second);
        device.pulse(third, fourth);
        return this.#say(device.read());
      }
      case "04":
        this.#array(...this.#selected).pulse(first, second);
        return;
      case "50":
        for (const triplet of multiBias(
          given,
          (word, bit) => this.#array(word, bit),
          board.preset.geometry.rows,
        ))
          this.#say(...triplet);
        return;
      case "141":
      case "152":
      case "21":
      case "191":
      case "201":
      case "220":
        // Without devices there is nothing to do.
        return;
      case "999":
        return this.#reply(encodeVersion(2, 0));
    }
  }

  #doDevice(job: JobName, given: readonly number[]): void {
    const [word = 1, bit = 1] = given.slice(-2);
    const device = this.#array(word, bit);
    if (job === "2") return this.#say(device.read());
    const stream = streams[job]!;
    let triplets = 0;
    let pulses = 0;
    const counted: ArcOneArray = {
      read: () => device.read(),
      pulse: (...pulse) => {
        if (++pulses <= mostPulsesOfADevice) device.pulse(...pulse);
      },
    };
    for (const triplet of stream(given, counted, this.#readVolts)) {
      // A job that a lost token made endless still ends: after so many lines, or so many pulses.
      if (++triplets > mostTriplets || pulses > mostPulsesOfADevice) break;
      this.#say(...triplet);
    }
    if (job !== "201") this.#say(...endOfStream);
  }

  /** Nothing is answered before the board was initialised. */
  #say(...values: readonly number[]): void {
    this.#reply(encodeFloats(values));
  }

  #reply(bytes: Uint8Array): void {
    if (this.board.armed && !this.isDumbTo("reads", "pulses")) this.#replies.push(bytes);
  }

  #array(word: number, bit: number): ArcOneArray {
    const { board } = this;
    const row = Math.trunc(word) - 1;
    const device = Math.trunc(bit) - 1;
    const averages = Math.min(256, Math.max(1, Math.ceil(this.#cycles / cyclesOfARead) || 1));
    return {
      read: () => {
        const read = board.read(0, row, averages, 0);
        return "codes" in read ? ohmsOf(read.codes[device] ?? noCode, board.preset) : openOhms;
      },
      pulse: (volts, seconds, seriesMicrosiemens) => {
        const { physics, geometry, firmware } = board.preset;
        const perCode = "voltsPerCode" in physics ? physics.voltsPerCode : 1;
        const code = Math.min(firmware.maxAmplitudeCode, Math.round(Math.abs(volts) / perCode));
        const codes = new Uint16Array(geometry.columns * geometry.devicesPerCell);
        if (!(code > 0) || !(device >= 0 && device < codes.length)) return;
        codes[device] = code;
        const widthNanoseconds = Math.round(seconds * 1e9);
        const gateCode =
          seriesMicrosiemens === undefined ? 0 : Math.round(seriesMicrosiemens / microsiemensPerGateCode);
        const kind = volts > 0 ? "set" : "reset";
        board.pulse(0, row, { kind, codes, widthNanoseconds, trailingNanoseconds: 0, gateCode }, 0);
      },
    };
  }
}

/** Parameters before the devices. */
function headLength(job: JobName, given: readonly number[]): number {
  const fixed = parametersOf[job];
  if (job === "2" && given[0] === 2) return fixed + 1;
  if (job === "50" && given.length >= fixed) return fixed + Math.max(0, Math.min(mostLines, given[3]! || 0));
  return fixed;
}

/** How many devices are named after the parameters; undefined where none are. */
function deviceCount(job: JobName, given: readonly number[]): number | undefined {
  if (job === "2" ? given[0] !== 2 : !streaming.includes(job)) return undefined;
  const count = given[parametersOf[job] - (job === "2" ? 0 : 1)]!;
  return count >= 1 ? Math.min(mostLines * mostLines, Math.trunc(count)) : 0;
}

const streams: Readonly<Partial<Record<JobName, typeof switchSeeker>>> = {
  "141": formFinder,
  "152": switchSeeker,
  "21": convergeToState,
  "191": endurance,
  "201": curveTracer,
  "220": chronoAmperometry,
};

const mostTriplets = 5000;
const mostPulsesOfADevice = 20_000;
/** What its own clients average at least. */
const cyclesOfARead = 30;
/** Of the emulated devices: emulator/rramTile.ts. */
const microsiemensPerGateCode = 0.3;

function ohmsOf(code: number, { readout }: Preset): number {
  const microsiemens = code * readout.microsiemensPerCode;
  return code === noCode || code === 0 ? openOhms : Math.max(1, 1e6 / microsiemens);
}

/** libarc1 ends its thread where a resistance is infinite. */
const openOhms = 1e12;
