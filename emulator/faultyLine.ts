import { Random, uniformOf } from "../src/random.ts";
import type { Microseconds } from "../src/units.ts";
import { type FaultRecord, noFaults, type ScheduledFault } from "./faults.ts";
import type { Firmware } from "./firmware.ts";
import { deviceFaults } from "./tile.ts";

/** Bytes on their way back, and how long they take beyond the line's own time. */
export interface Delivery {
  readonly bytes: Uint8Array;
  readonly lateMilliseconds: number;
}

/** What a request led to. */
export interface Outcome {
  readonly deliveries: Delivery[];
  /** The cable was pulled: the line ends, and a new one may be opened after this. */
  readonly unpluggedForMilliseconds?: number;
}

/**
 * A firmware at the end of a line where things go wrong, by a record. It keeps no clock: hangs end by link time, which
 * comes with every call.
 */
export class FaultyLine {
  readonly firmware: Firmware;
  readonly #record: FaultRecord;
  readonly #random: Random;
  /** Whether the record spoils no frame: then every byte goes straight through, and no draw is made. */
  readonly #isSound: boolean;
  #draws = 0;
  #requests = 0;
  #nextEvent = 0;
  #hungUntil: Microseconds = -Infinity;
  readonly #waitingIn: Uint8Array[] = [];
  readonly #waitingOut: Uint8Array[] = [];
  /** What happened, in order: for tests and the control channel. */
  readonly log: { readonly afterRequests: number; readonly fault: string }[] = [];

  constructor(firmware: Firmware, record: FaultRecord = noFaults) {
    this.firmware = firmware;
    this.#record = record;
    this.#random = new Random(record.seed).fork("line");
    this.#isSound = Object.values(record.line).every((chance) => chance <= 0);
    firmware.clockPartsPerMillion = record.clockPartsPerMillion;
  }

  /** Takes what came over the line. */
  receive(bytes: Uint8Array, linkTime: Microseconds): Outcome {
    const { events } = this.#record;
    this.#requests++;
    const event = events[this.#nextEvent];
    let fault: ScheduledFault | undefined;
    if (event !== undefined && this.#requests >= event.afterRequests) {
      this.#nextEvent++;
      fault = event;
    }
    if (fault?.fault === "unplug") {
      this.inject(fault, linkTime);
      return { deliveries: [], unpluggedForMilliseconds: fault.forMilliseconds };
    }
    const early = fault?.fault === "brown-out" || (fault?.fault === "reset" && !fault.afterCarryingOut);
    if (fault?.fault === "brown-out") this.firmware.sag(bytes, linkTime);
    if (fault !== undefined && early) this.inject(fault, linkTime);
    if (early) return { deliveries: [] };
    if (linkTime < this.#hungUntil) return { deliveries: [] };
    const replies = this.#isSound
      ? this.firmware.receive(bytes, linkTime)
      : this.#spoiled(bytes, this.#waitingIn).flatMap((part) => this.firmware.receive(part, linkTime));
    if (fault !== undefined) {
      this.inject(fault, linkTime);
      if (fault.fault === "reset" || fault.fault === "hang") return { deliveries: [] };
    }
    return { deliveries: this.#returned(replies) };
  }

  /** Makes one fault happen now. */
  inject(fault: ScheduledFault, linkTime: Microseconds): void {
    const { chip } = this.firmware;
    this.log.push({ afterRequests: this.#requests, fault: fault.fault });
    switch (fault.fault) {
      case "reset":
      case "brown-out":
        return this.firmware.restart();
      case "unplug":
        return;
      case "hang":
        this.#hungUntil = linkTime + 1000 * fault.forMilliseconds;
        return;
      case "dumb":
        return this.firmware.fallDumb(fault.to, fault.forRequests ?? Infinity);
      case "lie":
        return this.firmware.lie(fault.about, fault.forAnswers ?? Infinity);
      case "stick":
        return chip.fail(
          fault.tile,
          fault.row,
          fault.device,
          fault.high ? deviceFaults.stuckHigh : deviceFaults.stuckLow,
        );
      case "dead-row":
        return chip.killRow(fault.tile, fault.row);
      case "converter-jump":
        return chip.jumpConverter(fault.tile, fault.offsetCodes, fault.gain);
    }
  }

  #returned(replies: readonly Uint8Array[]): Delivery[] {
    if (this.#isSound) return replies.map((bytes) => ({ bytes, lateMilliseconds: 0 }));
    const { line, latestMilliseconds } = this.#record;
    const deliveries: Delivery[] = [];
    for (const reply of replies) {
      if (this.#happens(line.lostReplies)) continue;
      for (const bytes of this.#spoiled(reply, this.#waitingOut)) {
        const late = this.#happens(line.late) ? Math.ceil(latestMilliseconds * this.#uniform()) : 0;
        deliveries.push({ bytes, lateMilliseconds: late });
      }
    }
    return deliveries;
  }

  /** What of a frame arrives, and in how many pieces. */
  #spoiled(bytes: Uint8Array, waiting: Uint8Array[]): Uint8Array[] {
    const { line } = this.#record;
    if (this.#happens(line.dropped))
      return this.#glue(bytes.subarray(0, Math.floor(bytes.length * this.#uniform())), waiting);
    let sent = bytes;
    if (this.#happens(line.damaged)) {
      sent = bytes.slice();
      sent[Math.floor(sent.length * this.#uniform())]! ^= 1 + Math.floor(255 * this.#uniform());
    }
    const parts = this.#happens(line.duplicated) ? [sent, sent] : [sent];
    return parts.flatMap((part) => this.#glue(part, waiting)).flatMap((part) => this.#cut(part));
  }

  /** Some pieces wait, and go with the next. */
  #glue(bytes: Uint8Array, waiting: Uint8Array[]): Uint8Array[] {
    waiting.push(bytes);
    if (waiting.length < 3 && this.#happens(this.#record.line.glued * 0.2)) return [];
    const all = waiting.splice(0);
    if (all.length === 1) return all;
    const glued = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of all) {
      glued.set(part, at);
      at += part.length;
    }
    return [glued];
  }

  #cut(bytes: Uint8Array): Uint8Array[] {
    if (bytes.length < 2 || !this.#happens(this.#record.line.split)) return [bytes];
    const at = 1 + Math.floor((bytes.length - 1) * this.#uniform());
    return [bytes.subarray(0, at), bytes.subarray(at)];
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#uniform() < chance;
  }

  #uniform(): number {
    return uniformOf(this.#random.at(this.#draws++, 0).word0);
  }
}
