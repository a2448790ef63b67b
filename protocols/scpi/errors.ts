/** The errors of SCPI-99 (volume 2, chapter 21) that our boards give, and one of their own. */
export const scpiErrors = {
  0: "No error",
  [-101]: "Invalid character",
  [-102]: "Syntax error",
  [-104]: "Data type error",
  [-108]: "Parameter not allowed",
  [-109]: "Missing parameter",
  [-113]: "Undefined header",
  [-131]: "Invalid suffix",
  [-161]: "Invalid block data",
  [-171]: "Invalid expression",
  [-221]: "Settings conflict",
  [-222]: "Data out of range",
  [-224]: "Illegal parameter value",
  [-241]: "Hardware missing",
  [-350]: "Queue overflow",
  [-363]: "Input buffer overrun",
  101: "Line damaged",
} as const;

export type ScpiErrorNumber = keyof typeof scpiErrors;

/** Thrown by a command that cannot be carried out; the board puts it into its error queue. */
export class ScpiError extends Error {
  readonly number: ScpiErrorNumber;

  constructor(number: ScpiErrorNumber, detail?: string) {
    super(detail === undefined ? scpiErrors[number] : `${scpiErrors[number]};${detail}`);
    this.number = number;
  }
}
