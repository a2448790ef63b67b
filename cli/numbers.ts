import { MhoError } from "../src/errors.ts";

/** A flag's whole number from 1. Throws `bad-argument`. */
export function wholeNumber(flag: string, text: string | undefined, usual: number, most = Infinity): number {
  if (text === undefined) return usual;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > most) {
    const range = most === Infinity ? "from 1" : `from 1 to ${most}`;
    throw new MhoError("bad-argument", `${flag} ${text}: give a whole number ${range}.`);
  }
  return number;
}
