import { isMeasurement } from "../measure/procedure.ts";
import { builtInMethods } from "../program/methods.ts";

export type DoneWord = "in place" | "measured" | "pulsed";

/** What devices are that a run has done: only a method that looks back knows whether they are in place. */
export function doneWordOf(method: string): DoneWord {
  if (isMeasurement(method)) return "measured";
  return builtInMethods.find(({ name }) => name === method)?.looksBack === false ? "pulsed" : "in place";
}
