import { ScpiError, scpiErrors } from "./errors.ts";

/** Bits of the standard event status register (IEEE 488.2, 11.5.1). */
export const standardEvents = {
  operationComplete: 1,
  queryError: 4,
  deviceError: 8,
  executionError: 16,
  commandError: 32,
  powerOn: 128,
} as const;

const statusBits = {
  errorQueue: 4,
  questionable: 8,
  messageAvailable: 16,
  standardEvent: 32,
  operation: 128,
};
const masterSummary = 64;

/** A condition register with the events that it leaves behind (SCPI-99, volume 1, chapter 9). */
export class StatusRegister {
  event = 0;
  enable = 0;
  #condition = 0;

  get condition(): number {
    return this.#condition;
  }

  /** Rising bits leave an event. */
  set condition(bits: number) {
    this.event |= bits & ~this.#condition;
    this.#condition = bits;
  }

  /** Reading the events clears them. */
  takeEvent(): number {
    const { event } = this;
    this.event = 0;
    return event;
  }
}

/** The status of an instrument: registers, summary bits and the error queue. */
export class InstrumentStatus {
  readonly operation = new StatusRegister();
  readonly questionable = new StatusRegister();
  standardEvent: number = standardEvents.powerOn;
  standardEnable = 0;
  serviceEnable = 0;
  readonly #errors: string[] = [];

  /** Books an error where it belongs: the queue, and the bit of its class. */
  report(error: ScpiError): void {
    this.standardEvent |= classOf(error.number);
    if (this.#errors.length < errorsKept) this.#errors.push(`${error.number},"${error.message}"`);
    else this.#errors[errorsKept - 1] = `-350,"${scpiErrors[-350]}"`;
  }

  get errorCount(): number {
    return this.#errors.length;
  }

  takeError(): string {
    return this.#errors.shift() ?? `0,"${scpiErrors[0]}"`;
  }

  takeStandardEvent(): number {
    const events = this.standardEvent;
    this.standardEvent = 0;
    return events;
  }

  /** @param messageAvailable whether a reply waits to be read. */
  byte(messageAvailable: boolean): number {
    const { operation, questionable } = this;
    const bits =
      (this.#errors.length > 0 ? statusBits.errorQueue : 0) |
      ((questionable.event & questionable.enable) !== 0 ? statusBits.questionable : 0) |
      (messageAvailable ? statusBits.messageAvailable : 0) |
      ((this.standardEvent & this.standardEnable) !== 0 ? statusBits.standardEvent : 0) |
      ((operation.event & operation.enable) !== 0 ? statusBits.operation : 0);
    return (bits & this.serviceEnable & ~masterSummary) !== 0 ? bits | masterSummary : bits;
  }

  /** `*CLS`: events and errors, not what is enabled. */
  clear(): void {
    this.standardEvent = 0;
    this.operation.event = 0;
    this.questionable.event = 0;
    this.#errors.length = 0;
  }

  /** `STATus:PRESet`. */
  preset(): void {
    this.operation.enable = 0;
    this.questionable.enable = 0;
  }
}

const errorsKept = 20;

function classOf(number: number): number {
  if (number <= -100 && number > -200) return standardEvents.commandError;
  if (number <= -200 && number > -300) return standardEvents.executionError;
  if (number <= -400 && number > -500) return standardEvents.queryError;
  return standardEvents.deviceError;
}
